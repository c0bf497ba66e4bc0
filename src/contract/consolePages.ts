/** The pages of the console: the first part of their addresses below `/console/`. The empty one is the first page. */
export const CONSOLE_PAGES = [
  ...(['', 'customers', 'licences', 'vms', 'decisions'] as const),
  ...(['offers', 'import', 'trust', 'keys'] as const),
  ...(['search', 'changes'] as const),
] as const;

export type ConsolePage = (typeof CONSOLE_PAGES)[number];

/** What the console must know to sign people in: the answer of `/console/config.json`. */
export interface ConsoleConfig {
  /** Issuer of the directory's tokens. */
  readonly authority: string;
  readonly clientId: string;
  /** Of the API, for the access token. */
  readonly scope: string;
  readonly acceptedClouds: readonly string[];
}
