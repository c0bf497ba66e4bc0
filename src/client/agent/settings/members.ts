/** What can be configured, by file and by environment: the library's options that are data, and the agent's own. */

export interface Member {
  readonly name: string;
  /** How the text of an environment variable is read. */
  readonly reads: 'text' | 'number' | 'boolean' | 'text or JSON';
  /** Where there is a file, it comes from the file alone: whoever sets the environment does not decide whom to believe. */
  readonly fromFileAlone?: boolean;
  /** What it must be, for one that the library does not know. */
  readonly own?: { readonly text: string; readonly isSound: (value: unknown) => boolean };
}

const GROUP = /^(?:[A-Za-z_][\w.-]{0,31}|\d{1,10})$/;

export const MEMBERS: readonly Member[] = [
  { name: 'issuer', reads: 'text', fromFileAlone: true },
  { name: 'product', reads: 'text', fromFileAlone: true },
  { name: 'trust', reads: 'text or JSON', fromFileAlone: true },
  { name: 'imdsUrl', reads: 'text', fromFileAlone: true },
  { name: 'folder', reads: 'text' },
  { name: 'offer', reads: 'text' },
  { name: 'claim', reads: 'text' },
  { name: 'label', reads: 'text' },
  { name: 'client', reads: 'text' },
  { name: 'proxy', reads: 'text' },
  { name: 'ca', reads: 'text or JSON' },
  { name: 'patienceMs', reads: 'number' },
  { name: 'once', reads: 'boolean' },
  {
    name: 'group',
    reads: 'text',
    own: { text: 'a name or number of a group', isSound: (value) => typeof value === 'string' && GROUP.test(value) },
  },
  {
    name: 'releaseOnTerminate',
    reads: 'boolean',
    own: { text: 'true or false', isSound: (value) => typeof value === 'boolean' },
  },
  {
    name: 'log',
    reads: 'text',
    own: { text: '"text" or "json"', isSound: (value) => value === 'text' || value === 'json' },
  },
];

export const MEMBER_NAMES: readonly string[] = MEMBERS.map(({ name }) => name);

/** `imdsUrl` is COUNTERSIGN_IMDS_URL. */
export function variableOf(name: string): string {
  return `COUNTERSIGN_${name.replace(/[A-Z]/g, '_$&').toUpperCase()}`;
}
