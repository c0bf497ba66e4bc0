export type { Licence, LicensedSubscription } from '../contract/operators/licence.ts';
