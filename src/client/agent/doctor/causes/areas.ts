import type { AreaName, EvidenceByArea } from '../evidence.ts';
import type { Area } from '../finding.ts';
import { CHASSIS } from './chassis.ts';
import { CLOCK } from './clock.ts';
import { CONFIGURATION } from './configuration.ts';
import { CONTAINER } from './container.ts';
import { FIREWALL } from './firewall.ts';
import { FOLDER } from './folder.ts';
import { IMDS } from './imds.ts';
import { KEPT } from './kept.ts';
import { LAST_KNOWN } from './lastKnown.ts';
import { METADATA } from './metadata.ts';
import { PLAN } from './plan.ts';
import { PROXY } from './proxy.ts';
import { ROUTE } from './route.ts';
import { SERVICE } from './service.ts';
import { TRUST } from './trust.ts';

/** Every area with its causes, in the order in which people read them. */
export const AREAS = {
  configuration: CONFIGURATION,
  chassis: CHASSIS,
  container: CONTAINER,
  proxy: PROXY,
  route: ROUTE,
  firewall: FIREWALL,
  imds: IMDS,
  metadata: METADATA,
  plan: PLAN,
  service: SERVICE,
  trust: TRUST,
  clock: CLOCK,
  folder: FOLDER,
  kept: KEPT,
  lastKnown: LAST_KNOWN,
} as const satisfies { readonly [Name in AreaName]: Area<EvidenceByArea[Name]> };

export type CausesOf<Name extends AreaName> = keyof (typeof AREAS)[Name]['causes'];

/** Stable: programs compare it. */
export type CauseName = { [Name in AreaName]: CausesOf<Name> }[AreaName];

export const AREA_NAMES = Object.keys(AREAS) as readonly AreaName[];
