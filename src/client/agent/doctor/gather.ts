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
import type { KeptEvidence } from './gather/kept.ts';
import { lookAtLastKnown } from './gather/lastKnown.ts';
import { lookAtMetadata } from './gather/metadata.ts';
import { lookAtPlan } from './gather/plan.ts';
import { lookAtProxy } from './gather/proxy.ts';
import { lookAtRoute } from './gather/route.ts';
import { lookAtService } from './gather/service.ts';
import type { ServiceEvidence } from './gather/service.ts';
import { lookAtTrust } from './gather/trust.ts';
import { isLookedAt } from './notLookedAt.ts';
import type { NotLookedAt } from './notLookedAt.ts';

/**
 * A licence by file is for a VM that has no way to the service, and asks it for nothing before it is due. Which licence counts
 * depends on what IMDS says, and that is waited for only where there is such a licence.
 */
async function lookAtNeededService(
  circumstances: Circumstances,
  kept: KeptEvidence | NotLookedAt,
  asking: ReturnType<typeof askImds>,
): Promise<ServiceEvidence | NotLookedAt> {
  const byFile = isLookedAt(kept) ? kept.vms.filter(({ byFile }) => byFile?.isDue === false) : [];
  if (byFile.length === 0) return lookAtService(circumstances);
  const plan = lookAtPlan(circumstances, (await asking).instance);
  const own = isLookedAt(plan) ? plan.vmId : null;
  const [dueAt] = byFile
    .filter(({ vmId }) => own === null || vmId === own)
    .flatMap(({ byFile }) => byFile?.dueAt ?? []);
  if (dueAt === undefined) return lookAtService(circumstances);
  return { notLookedAt: `The licence came by file, and the service is not asked before ${dueAt}.` };
}

/** Looks at everything. Nothing is judged here, and nothing on the machine is changed. */
export async function gather(circumstances: Circumstances): Promise<Evidence> {
  const { firewall, imdsUrl } = circumstances;
  const kept = await lookAtKept(circumstances);
  // What waits for others, at once.
  const asking = askImds(circumstances);
  const [{ imds, instance }, service] = await Promise.all([asking, lookAtNeededService(circumstances, kept, asking)]);
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
