import type { AreaName, EvidenceByArea } from '../evidence.ts';
import type { Area } from '../finding.ts';
import { CLOCK } from './clock.ts';
import { CONFIGURATION } from './configuration.ts';
import { IMDS } from './imds.ts';
import { ROUTE } from './route.ts';
import { SERVICE } from './service.ts';
import { TRUST } from './trust.ts';

/** Every area with its causes, in the order in which people read them. */
export const AREAS = {
  configuration: CONFIGURATION,
  route: ROUTE,
  imds: IMDS,
  service: SERVICE,
  trust: TRUST,
  clock: CLOCK,
} as const satisfies { readonly [Name in AreaName]: Area<EvidenceByArea[Name]> };

export type CausesOf<Name extends AreaName> = keyof (typeof AREAS)[Name]['causes'];

/** Stable: programs compare it. */
export type CauseName = { [Name in AreaName]: CausesOf<Name> }[AreaName];

export const AREA_NAMES = Object.keys(AREAS) as readonly AreaName[];
