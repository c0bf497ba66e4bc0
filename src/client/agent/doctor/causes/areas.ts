import type { AreaName, EvidenceByArea } from '../evidence.ts';
import type { Area } from '../finding.ts';
import { CHASSIS } from './chassis.ts';
import { CONTAINER } from './container.ts';
import { FIREWALL } from './firewall.ts';
import { IMDS } from './imds.ts';
import { METADATA } from './metadata.ts';
import { PROXY } from './proxy.ts';
import { ROUTE } from './route.ts';

/** Every area with its causes, in the order in which people read them. */
export const AREAS = {
  chassis: CHASSIS,
  container: CONTAINER,
  proxy: PROXY,
  route: ROUTE,
  firewall: FIREWALL,
  imds: IMDS,
  metadata: METADATA,
} as const satisfies { readonly [Name in AreaName]: Area<EvidenceByArea[Name]> };

export type CausesOf<Name extends AreaName> = keyof (typeof AREAS)[Name]['causes'];

/** Stable: programs compare it. */
export type CauseName = { [Name in AreaName]: CausesOf<Name> }[AreaName];

export const AREA_NAMES = Object.keys(AREAS) as readonly AreaName[];
