import type { Evidence } from './evidence.ts';
import { lookAtChassis } from './gather/chassis.ts';
import { EMULATOR } from './gather/circumstances.ts';
import type { Circumstances } from './gather/circumstances.ts';
import { lookAtClock } from './gather/clock.ts';
import { lookAtConfiguration } from './gather/configuration.ts';
import { lookAtContainer } from './gather/container.ts';
import { lookAtFolder } from './gather/folder.ts';
import { askImds } from './gather/imds.ts';
import { lookAtKept } from './gather/kept.ts';
import { lookAtLastKnown } from './gather/lastKnown.ts';
import { lookAtMetadata } from './gather/metadata.ts';
import { lookAtPlan } from './gather/plan.ts';
import { lookAtProxy } from './gather/proxy.ts';
import { lookAtRoute } from './gather/route.ts';
import { lookAtService } from './gather/service.ts';
import { lookAtTrust } from './gather/trust.ts';

/** Looks at everything. Nothing is judged here, and nothing on the machine is changed. */
export async function gather(circumstances: Circumstances): Promise<Evidence> {
  const { firewall, imdsUrl } = circumstances;
  // What waits for others, at once.
  const [{ imds, instance }, service] = await Promise.all([askImds(circumstances), lookAtService(circumstances)]);
  const kept = await lookAtKept(circumstances);
  return {
    configuration: await lookAtConfiguration(circumstances),
    chassis: await lookAtChassis(circumstances),
    container: imdsUrl === undefined ? await lookAtContainer(circumstances) : EMULATOR,
    proxy: lookAtProxy(circumstances),
    route: await lookAtRoute(circumstances),
    firewall: imdsUrl === undefined ? firewall : EMULATOR,
    imds,
    metadata: lookAtMetadata(instance),
    plan: lookAtPlan(circumstances, instance),
    service,
    trust: lookAtTrust(circumstances),
    clock: await lookAtClock(service, kept),
    folder: await lookAtFolder(circumstances),
    kept,
    lastKnown: await lookAtLastKnown(circumstances),
  };
}
