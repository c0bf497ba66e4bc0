import type { Licence } from '../contract/operators/licence.ts';

export type { Licence };

/** What a licence is for: there is one a subscription and plan. The plan's names are compared without regard to case. */
export type LicenceKey = Pick<Licence, 'cloud' | 'subscriptionId' | 'plan'>;
