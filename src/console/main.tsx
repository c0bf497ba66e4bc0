import { render } from 'preact';
import { Entrance } from './entrance.tsx';

/** The service may lie below a path of its host. */
const [root = ''] = location.href.split('/console');

render(<Entrance home={`${root}/console/`} />, document.body);
