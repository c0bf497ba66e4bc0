import type { Evidence } from './evidence.ts';
import type { Circumstances } from './gather/circumstances.ts';
import { lookAtImds } from './gather/imds.ts';
import { lookAtRoute } from './gather/route.ts';

/** Looks at everything, one area after another. Nothing is judged here, and nothing on the machine is changed. */
export async function gather(circumstances: Circumstances): Promise<Evidence> {
  return {
    route: await lookAtRoute(circumstances),
    imds: await lookAtImds(circumstances),
  };
}
