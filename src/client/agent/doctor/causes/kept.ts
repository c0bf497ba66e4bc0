import { join } from 'node:path';
import type { Evidence } from '../evidence.ts';
import type { Area, Found } from '../finding.ts';
import type { KeptEvidence, KeptVm, LicenceByFile } from '../gather/kept.ts';
import { isLookedAt } from '../notLookedAt.ts';
import { quoteForSh } from '../../../../contract/quoteForSh.ts';

const RENEW = 'countersign-agent check --renew';
const REQUEST = 'countersign-agent request --out request.json';
/** The key does not belong to the licence, or is gone: told as a matter of the key. */
const OF_KEY = 'licence_foreign (cnf)';
/** Told of the key or of the folder. */
const LOCAL = ['key_unusable', 'folder_unusable', 'folder_exposed'];

export const KEPT = {
  title: 'Key and licence',
  describe: ({ vms }) => (vms.length === 0 ? 'Nothing is kept yet.' : vms.map(describeVm).join('; ')),
  causes: {
    key_missing: {
      means: 'There is a licence, and the key that it was issued for is gone.',
      advice:
        'The next check makes a new key, and the service counts that as a key change. After reimaging, or where the disk was replaced, the service may refuse with key_changed: ask the vendor to allow it (keyChanges of the offer, or countersign activations release-key).',
      judge: judgeVms(
        ({ key, licence }) => key === 'absent' && licence !== 'absent',
        () => RENEW,
      ),
    },
    key_other: {
      means: 'The key is another one than the licence was issued for.',
      advice: 'The next check gets a licence for this key, which the service counts as a key change.',
      judge: judgeVms(
        (vm) => vm.key === 'usable' && faultOf(vm) === OF_KEY,
        () => RENEW,
      ),
    },
    key_damaged: {
      means: 'The key file is damaged: it is no P-256 private key, or does not sign.',
      advice:
        'Restore it from a backup. Where there is none, remove it: the agent makes a new one, which the service counts as a key change.',
      judge: judgeVms(
        ({ key }) => key === 'unusable',
        (path) => quoteForSh('rm', '--', path('key.jwk')),
      ),
    },
    key_exposed: {
      means: 'Other users can read the key file, so no new licence is asked for with it.',
      advice: 'Restrict it to its owner.',
      judge: judgeVms(
        ({ key }) => key === 'exposed',
        (path) => quoteForSh('chmod', '600', path('key.jwk')),
      ),
    },
    licence_unusable: {
      means: 'The licence that is kept does not count: it is damaged, or for another issuer, product or VM.',
      advice: 'Get another one. Where the issuer or the product was changed in the configuration, that is expected.',
      judge: judgeVms(
        (vm) => {
          const fault = faultOf(vm);
          return fault !== null && fault !== OF_KEY && !LOCAL.some((code) => fault.startsWith(code));
        },
        () => RENEW,
      ),
    },
    licence_file_due: {
      means: 'The licence came by file and is due, and the service does not answer.',
      advice:
        'Write the next request, take it to the vendor, and import what comes back. Where the service can be reached by now, the agent renews the licence itself: look at what is said of the service.',
      judge(own, all) {
        // Nothing is asked of it while the configuration is wrong.
        const isSilent = isLookedAt(all.service) && isLookedAt(all.clock) && all.clock.service === null;
        const due = ofThisVm(own, all).flatMap(({ byFile, vmId }) =>
          byFile?.isDue === true && isSilent ? [describeDue(vmId, byFile)] : [],
        );
        return due.length === 0 ? null : { evidence: due, command: REQUEST };
      },
    },
    denial_damaged: {
      means: 'The file of a denial is damaged, so it is not known whether this VM was denied.',
      advice: 'Ask the service again.',
      judge: judgeVms(
        ({ denial }) => denial === 'unreadable',
        () => RENEW,
      ),
    },
    denial_kept: {
      means: 'The service has denied this VM a licence. The signed denial is kept, and counts until a licence comes.',
      advice: 'Ask the vendor about the code. Ask the service again when that is cleared.',
      judge(own, all) {
        const isTold = isLookedAt(all.lastKnown) && all.lastKnown.status?.state === 'denied';
        const found = isTold ? [] : ofThisVm(own, all).filter(({ deniedBy }) => deniedBy !== null);
        if (found.length === 0) return null;
        return { evidence: found.map(({ deniedBy, vmId }) => `${vmId}: ${deniedBy ?? ''}`), command: RENEW };
      },
    },
    vm_other: {
      means: 'The state folder is of another VM: the disk was cloned, or the image was captured with it.',
      advice:
        'Nothing of the other VM is used here, and it is removed when this VM has its licence. Before an image is captured, run: countersign-agent wipe.',
      judge({ vms }, all) {
        const own = ownVmId(all);
        if (own === null || vms.length === 0 || vms.some(({ vmId }) => [own, swap(own)].includes(vmId))) return null;
        const evidence = [`this VM: ${own}`, ...vms.map(({ vmId }) => `in the folder: ${vmId}`)];
        return { evidence, command: 'countersign-agent check' };
      },
    },
    vm_id_swapped: {
      means: 'A vmId stands in the byte order of dmidecode, where that of Azure is meant.',
      advice:
        'Use the id that IMDS and Azure show. In that of dmidecode the bytes of the first three groups are reversed.',
      judge({ inLabel, names, path }, all) {
        const own = ownVmId(all);
        const isSwapped = (id: string) => own !== null && id.toLowerCase() === swap(own) && swap(own) !== own;
        const [folder] = names.filter(isSwapped);
        const found = [
          ...names.filter(isSwapped).map((id) => `${path}: ${id}`),
          ...inLabel.filter(isSwapped).map((id) => `label: ${id}`),
        ];
        if (own === null || found.length === 0) return null;
        const command =
          folder === undefined || names.includes(own)
            ? null
            : quoteForSh('mv', '-n', join(path, folder), join(path, own));
        return { evidence: [`this VM: ${own}`, ...found], command };
      },
    },
  },
} as const satisfies Area<KeptEvidence>;

type Command = (path: (name: string) => string) => string;

/** Of the VM that IMDS names alone, where it names one: what is kept of others is not used. */
function judgeVms(
  isMeant: (vm: KeptVm) => boolean,
  command: Command,
): (own: KeptEvidence, all: Evidence) => Found | null {
  return (own, all) => {
    const found = ofThisVm(own, all).filter(isMeant);
    const [first] = found;
    if (first === undefined) return null;
    return { evidence: found.map(describeVm), command: command((name) => join(own.path, first.vmId, name)) };
  };
}

function ofThisVm({ vms }: KeptEvidence, all: Evidence): readonly KeptVm[] {
  const own = ownVmId(all);
  return vms.filter(({ vmId }) => own === null || vmId === own);
}

function ownVmId({ plan }: Evidence): string | null {
  return isLookedAt(plan) ? plan.vmId : null;
}

function faultOf({ licence }: KeptVm): string | null {
  return typeof licence === 'string' ? null : licence.fault;
}

function describeDue(vmId: string, { dueAt, expiresAt, graceUntil }: LicenceByFile): string {
  return `${vmId}: due since ${dueAt}, expires ${expiresAt}, grace until ${graceUntil}`;
}

function describeVm({ denial, key, licence, vmId }: KeptVm): string {
  const told = typeof licence === 'string' ? licence : licence.fault;
  return `${vmId}: key ${key}, licence ${told}${denial === 'absent' ? '' : `, denial ${denial}`}`;
}

/** The first three groups of a UUID with their bytes reversed (SMBIOS 2.6, section 7.2.1). */
export function swap(id: string): string {
  const reverse = (group: string) => (group.match(/../g) ?? []).reverse().join('');
  return id
    .split('-')
    .map((group, index) => (index < 3 ? reverse(group) : group))
    .join('-');
}
