import { useNow } from './now.tsx';
import type { EffectiveStatus } from '../../contract/operators/licenceFilter.ts';
import type { LicenceJson } from '../../contract/operators/licence.ts';
import { isGrant } from '../text/codes.ts';
import { effectiveStatus } from '../text/effective.ts';
import { State } from './icons.tsx';
import type { Standing } from './icons.tsx';

const EFFECTIVE: Readonly<Record<EffectiveStatus, readonly [Standing, string]>> = {
  active: ['good', 'active'],
  not_yet: ['idle', 'not yet valid'],
  expired: ['bad', 'expired'],
  suspended: ['warn', 'suspended'],
  revoked: ['bad', 'revoked'],
  offer_suspended: ['warn', 'offer suspended'],
};

export const EFFECTIVE_WORDS = Object.entries(EFFECTIVE).map(([value, [, word]]) => [value, word] as const);

export interface LicenceStateProps {
  readonly licence: LicenceJson;
  /** As the service says it, with the offer's status; of the licence alone unless given. */
  readonly effective?: EffectiveStatus;
}

export function LicenceState({ licence, effective }: LicenceStateProps) {
  const now = useNow();
  const [is, word] = EFFECTIVE[effective ?? effectiveStatus(licence, now)];
  return <State is={is} word={word} />;
}

/** What was decided, or would be: a grant or a refusal, by its code. */
export function DecisionState({ code }: { readonly code: string }) {
  return <State is={code === 'granted' || isGrant(code) ? 'good' : 'bad'} word={code} />;
}
