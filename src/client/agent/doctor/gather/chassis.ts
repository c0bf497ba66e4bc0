import type { ChassisTag } from '../../../adapters.ts';
import { REAL_ADAPTERS } from '../../../adapters/real.ts';
import type { NotLookedAt } from '../notLookedAt.ts';
import { EMULATOR } from './circumstances.ts';
import type { Circumstances } from './circumstances.ts';

/** The hardware, as it calls itself. */
export interface ChassisEvidence {
  readonly assetTag: ChassisTag;
}

export async function lookAtChassis({ imdsUrl }: Circumstances): Promise<ChassisEvidence | NotLookedAt> {
  return imdsUrl === undefined ? { assetTag: await REAL_ADAPTERS.chassisTag() } : EMULATOR;
}
