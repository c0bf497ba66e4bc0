/** One file of the console, as the build makes it. */
export interface ConsoleFile {
  /** Below `/console/`. */
  readonly name: string;
  readonly mediaType: string;
  readonly body: string;
}

/** The page. Every address of a page of the console answers with it. */
export const PAGE_FILE = 'index.html';

/** Names below this have a digest of what they hold: caches may keep them for ever. */
export const ASSETS = 'assets/';
