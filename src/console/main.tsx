import { render } from 'preact';

render(<main>Countersign</main>, document.body);
