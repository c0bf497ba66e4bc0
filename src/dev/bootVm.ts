import { checkLicence } from '../client/index.ts';
import type { Answer, ReportProgress } from '../client/index.ts';
import type { Stack } from './stack.ts';

/** What the demonstration's VM image would have built in. */
const PRODUCT = 'planPublisher/planProduct';

export interface BootOptions {
  /** Where the VM keeps its key and its licence. */
  readonly folder: string;
  /** Try everything once, without the long retries. */
  readonly once: boolean;
  readonly progress: ReportProgress;
  /** A VM of the emulator; its first unless named. */
  readonly vm?: string;
  /** What that VM's image has built in; the first one's unless named. */
  readonly product?: string;
}

/** Does what the vendor's software does when a VM boots: the shipped client, against emulator and service. */
export function bootVm(
  stack: Pick<Stack, 'serviceUrl' | 'imdsUrl' | 'rootKeys'>,
  options: BootOptions,
): Promise<Answer> {
  const { folder, once, progress, vm, product = PRODUCT } = options;
  return checkLicence({
    issuer: stack.serviceUrl,
    product,
    // What an image of the vendor's would carry: with it, nothing but this root key is believed.
    trust: { rootKeys: stack.rootKeys },
    folder,
    once,
    imdsUrl: vm === undefined ? stack.imdsUrl : `${stack.imdsUrl}/vms/${vm}`,
    progress,
  });
}
