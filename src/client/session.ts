import type { Imds } from './imds.ts';
import type { ClientKey } from './key.ts';
import type { Settings } from './settings.ts';

/** What every step of one check has in common. */
export interface Session {
  readonly settings: Settings;
  readonly key: ClientKey;
  readonly imds: Imds;
}
