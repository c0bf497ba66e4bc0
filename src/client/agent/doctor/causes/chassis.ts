import { judgeChassis } from '../../../imds/chassis.ts';
import { isLookedAt } from '../notLookedAt.ts';
import type { Evidence } from '../evidence.ts';
import type { Area } from '../finding.ts';
import type { ChassisEvidence } from '../gather/chassis.ts';
import { quoteForSh } from '../../../../contract/quoteForSh.ts';

export const CHASSIS = {
  title: 'Hardware',
  describe: ({ assetTag }) => (assetTag.readable ? 'The asset tag is Azure’s.' : 'In a container it has no asset tag.'),
  causes: {
    chassis_foreign: {
      means: 'The chassis does not have the asset tag of Azure’s hardware, so this is no VM of Azure.',
      advice: 'Run the software on a VM in Azure. A disk that was copied out of Azure has no licence elsewhere.',
      explains: 'imds_unreachable',
      judge({ assetTag }) {
        if (judgeChassis(assetTag, null) !== 'foreign' || !assetTag.readable) return null;
        return { evidence: [`chassis asset tag: ${JSON.stringify(assetTag.tag)}`], command: null };
      },
    },
    chassis_unreadable: {
      means: 'The asset tag of the chassis cannot be read, so an outage of IMDS looks as if this were no VM of Azure.',
      advice: 'Find out whether the system knows the tag. Let the agent’s user read /sys/class/dmi/id.',
      judge({ assetTag }, all) {
        if (assetTag.readable || isInContainer(all)) return null;
        const evidence = ['chassis asset tag: unreadable'];
        return { evidence, command: quoteForSh('dmidecode', '-s', 'chassis-asset-tag') };
      },
    },
  },
} as const satisfies Area<ChassisEvidence>;

/** Where it is usual. */
function isInContainer({ container }: Evidence): boolean {
  return isLookedAt(container) && container.ofKubernetes.length + container.ofOthers.length > 0;
}
