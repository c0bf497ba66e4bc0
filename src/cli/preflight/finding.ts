import { TROUBLES } from '../../client/diagnosis/trouble.ts';
import type { Trouble } from '../../client/diagnosis/trouble.ts';

/** What `preflight` looks at, in the order in which people read it. */
export const SUBJECTS = [
  'chassis',
  'proxy',
  'imds',
  'access',
  'versions',
  'instance',
  'document',
  'nonce-base32',
  'nonce-digits',
  'plan',
  'clock',
  'vtpm',
] as const;

export type Subject = (typeof SUBJECTS)[number];

/** `noted`: nothing that stops a client, and worth knowing. */
export type Outcome = 'passed' | 'noted' | 'failed' | 'not_reached';

export interface Finding {
  readonly name: Subject;
  readonly outcome: Outcome;
  /** Stable, for programs; null where the check passed or was not reached. */
  readonly code: string | null;
  /** What was found. */
  readonly detail: string;
  /** What to do, where there is something to do. */
  readonly advice: string | null;
}

export type Found = Omit<Finding, 'name'>;

export const passed = (detail: string): Found => ({ outcome: 'passed', code: null, detail, advice: null });

export const noted = (code: string, detail: string, advice: string | null = null): Found => ({
  ...{ outcome: 'noted', code, detail, advice },
});

export const failed = (code: string, detail: string, advice: string): Found => ({
  ...{ outcome: 'failed', code, detail, advice },
});

export const NOT_REACHED: Found = { outcome: 'not_reached', code: null, detail: 'not reached', advice: null };

export function failedBy(trouble: Trouble): Found {
  const { detail, advice } = TROUBLES[trouble];
  return failed(`imds_${trouble}`, detail, advice);
}
