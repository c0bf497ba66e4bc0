import type { Agent } from '../../agent.ts';
import type { NotLookedAt } from '../notLookedAt.ts';
import type { FirewallEvidence } from './firewall.ts';

/** What those who gather know of the run. */
export interface Circumstances {
  readonly agent: Agent;
  /** Was read before root gave up its rights. */
  readonly firewall: FirewallEvidence | NotLookedAt;
  readonly env: NodeJS.ProcessEnv;
  /** Base URL of an emulator; undefined where IMDS is Azure's. */
  readonly imdsUrl: string | undefined;
  /** Everything is tried once, as the option of the library says. */
  readonly once: boolean;
  /** Tells a person what takes its time. */
  readonly tell: (doing: string) => void;
}

/** Of an area that says nothing about an emulator. */
export const EMULATOR = { notLookedAt: 'IMDS is an emulator (imdsUrl).' } as const;
