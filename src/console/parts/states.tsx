import type { GRANT_CODES } from '../../contract/codes.ts';
import { useNow } from './now.tsx';
import type { LicenceJson } from '../../contract/operators/licence.ts';
import { effectiveStatus } from '../text/effective.ts';
import type { Effective } from '../text/effective.ts';
import { State } from './icons.tsx';
import type { Standing } from './icons.tsx';

const EFFECTIVE: Readonly<Record<Effective, readonly [Standing, string]>> = {
  active: ['good', 'active'],
  not_yet: ['idle', 'not yet valid'],
  expired: ['bad', 'expired'],
  suspended: ['warn', 'suspended'],
  revoked: ['bad', 'revoked'],
};

export const EFFECTIVE_WORDS = Object.entries(EFFECTIVE).map(([value, [, word]]) => [value, word] as const);

export function LicenceState({ licence }: { readonly licence: LicenceJson }) {
  const [is, word] = EFFECTIVE[effectiveStatus(licence, useNow())];
  return <State is={is} word={word} />;
}

const GRANTS: Readonly<Record<(typeof GRANT_CODES)[number], true>> = {
  ...{ licence_issued: true, key_changed_accepted: true, seat_released: true },
  ...{ trial_started: true, subscription_claimed: true },
};

/** What was decided, or would be: a grant or a refusal, by its code. */
export function DecisionState({ code }: { readonly code: string }) {
  const isGranted = code === 'granted' || Object.hasOwn(GRANTS, code);
  return <State is={isGranted ? 'good' : 'bad'} word={code} />;
}
