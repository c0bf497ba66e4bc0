import type { Evidence } from './evidence.ts';
import type { Circumstances } from './gather/circumstances.ts';
import { lookAtClock } from './gather/clock.ts';
import { lookAtConfiguration } from './gather/configuration.ts';
import { lookAtImds } from './gather/imds.ts';
import { lookAtRoute } from './gather/route.ts';
import { lookAtService } from './gather/service.ts';
import { lookAtTrust } from './gather/trust.ts';

/** Looks at everything, one area after another. Nothing is judged here, and nothing on the machine is changed. */
export async function gather(circumstances: Circumstances): Promise<Evidence> {
  const service = await lookAtService(circumstances);
  return {
    configuration: await lookAtConfiguration(circumstances),
    route: await lookAtRoute(circumstances),
    imds: await lookAtImds(circumstances),
    service,
    trust: lookAtTrust(circumstances),
    clock: await lookAtClock(circumstances, service),
  };
}
