import { PAGE_FILE } from './consoleFile.ts';
import type { ConsoleFile } from './consoleFile.ts';

const PAGE = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Countersign</title>
<p>The console is not built. Use “npm start”, or run the folder that “npm run build” makes.</p>
</html>
`;

/** Stands for the console where the service runs from its sources. The build puts the real files in its place. */
export const FILES: readonly ConsoleFile[] = [{ name: PAGE_FILE, mediaType: 'text/html; charset=utf-8', body: PAGE }];
