import type { Area } from '../finding.ts';
import type { MetadataEvidence } from '../gather/metadata.ts';
import { quoteForSh } from '../../../../contract/quoteForSh.ts';

export const METADATA = {
  title: 'Metadata of the VM',
  describe: ({ apiVersion }) => `Every field that a VM has is there (api-version ${apiVersion}).`,
  causes: {
    classic_vm: {
      means: 'IMDS tells nothing of compute: this VM was created by the classic deployment model.',
      advice:
        'Migrate the VM to Azure Resource Manager. A VM of the classic model has neither plan nor sku in its document.',
      judge({ sections }) {
        if (sections.includes('compute')) return null;
        return { evidence: [`/metadata/instance: ${sections.join(', ')}, and no compute`], command: null };
      },
    },
    compute_incomplete: {
      means: 'IMDS does not know everything of this VM that a new api-version has.',
      advice:
        'Add a tag to the VM, and IMDS reads it anew. For a VM that was created before September 2016 add or remove an extension or a disk instead.',
      judge(own) {
        if (!isIncomplete(own) || own.isInScaleSet) return null;
        const tag = ['az', 'tag', 'update', '--operation', 'Merge', '--tags', 'refreshed=true', '--resource-id'];
        return { evidence: [missing(own)], command: withId(own, tag) };
      },
    },
    scale_set_incomplete: {
      means: 'IMDS does not know everything of this instance of a scale set: tags and other changes are not there yet.',
      advice: 'Restart or reimage the instance, or change a disk of it: IMDS then reads it anew.',
      judge(own) {
        if (!isIncomplete(own) || !own.isInScaleSet) return null;
        const restart = ['az', 'resource', 'invoke-action', '--action', 'restart', '--ids'];
        return { evidence: [missing(own)], command: withId(own, restart) };
      },
    },
  },
} as const satisfies Area<MetadataEvidence>;

function isIncomplete({ sections, missing }: MetadataEvidence): boolean {
  return sections.includes('compute') && missing.length > 0;
}

function missing({ apiVersion, missing: fields }: MetadataEvidence): string {
  return `/metadata/instance?api-version=${apiVersion}: compute without ${fields.join(', ')}`;
}

function withId({ resourceId }: MetadataEvidence, words: readonly string[]): string | null {
  return resourceId === null ? null : quoteForSh(...words, resourceId);
}
