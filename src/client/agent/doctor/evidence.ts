import type { ChassisEvidence } from './gather/chassis.ts';
import type { ClockEvidence } from './gather/clock.ts';
import type { ConfigurationEvidence } from './gather/configuration.ts';
import type { ContainerEvidence } from './gather/container.ts';
import type { FirewallEvidence } from './gather/firewall.ts';
import type { FolderEvidence } from './gather/folder.ts';
import type { ImdsEvidence } from './gather/imds.ts';
import type { KeptEvidence } from './gather/kept.ts';
import type { LastKnownEvidence } from './gather/lastKnown.ts';
import type { MetadataEvidence } from './gather/metadata.ts';
import type { PlanEvidence } from './gather/plan.ts';
import type { ProxyEvidence } from './gather/proxy.ts';
import type { RouteEvidence } from './gather/route.ts';
import type { ServiceEvidence } from './gather/service.ts';
import type { TrustEvidence } from './gather/trust.ts';
import type { NotLookedAt } from './notLookedAt.ts';

/** What was seen, by area. */
export interface EvidenceByArea {
  readonly configuration: ConfigurationEvidence;
  readonly chassis: ChassisEvidence;
  readonly container: ContainerEvidence;
  readonly proxy: ProxyEvidence;
  readonly route: RouteEvidence;
  readonly firewall: FirewallEvidence;
  readonly imds: ImdsEvidence;
  readonly metadata: MetadataEvidence;
  readonly plan: PlanEvidence;
  readonly service: ServiceEvidence;
  readonly trust: TrustEvidence;
  readonly clock: ClockEvidence;
  readonly folder: FolderEvidence;
  readonly kept: KeptEvidence;
  readonly lastKnown: LastKnownEvidence;
}

export type AreaName = keyof EvidenceByArea;

/**
 * Everything that the causes are judged by. Plain JSON, so that it can be recorded: texts are bounded, and none of them is a
 * token, a key, a nonce, a document or a password.
 */
export type Evidence = { readonly [Name in AreaName]: EvidenceByArea[Name] | NotLookedAt };
