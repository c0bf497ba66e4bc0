import { isLoopback } from '../../../../contract/loopback.ts';
import { FIRST_USE } from '../../describe.ts';
import type { Area, Found } from '../finding.ts';
import type { TrustEvidence } from '../gather/trust.ts';
import type { Evidence } from '../evidence.ts';
import { isLookedAt } from '../notLookedAt.ts';
import type { ServiceReply } from '../gather/service/ask.ts';
import { quoteForSh } from '../../../../contract/quoteForSh.ts';
import { describeReply } from './serviceAnswers.ts';

const PIN = `"trust": { "rootKeys": ["<thumbprint>"] }`;

export const TRUST = {
  title: 'Trust',
  describe: ({ kind, rootKeys }) => (kind === 'rootKeys' ? `rootKeys: ${rootKeys.join(', ')}` : kind),
  causes: {
    trust_first_use: {
      means: `The member trust is ${FIRST_USE}.`,
      advice: 'Ask the vendor for the thumbprint of the root key, and write it into the configuration.',
      judge({ issuer, kind }) {
        if (kind !== 'first-use' || isLoopback(issuer)) return null;
        const command = quoteForSh('curl', `${issuer}/.well-known/countersign`);
        return { evidence: ['trust: first-use', `issuer: ${issuer}`], command, snippet: PIN };
      },
    },
    trust_key_set_empty: {
      means: 'The key set in the member trust has no key that can be used, so no licence can be believed.',
      advice: 'Update the software, or tell the vendor. Better than keys are thumbprints of root keys.',
      judge: ({ isUsable }) =>
        isUsable ? null : { evidence: ['trust: keySet without a P-256 key'], command: null, snippet: PIN },
    },
    trust_key_set_outdated: {
      means: 'The service has none of the keys in the member trust any more: new licences will not be believed.',
      advice: 'Update the software. Better than keys are thumbprints of root keys, which change less often.',
      judge: (_, all) => judgeKeySet(all, 'shipped_key_set_outdated'),
    },
    trust_root_unknown: {
      means: 'The service has no key set under any root key of the member trust.',
      advice: 'Update the software, or compare the thumbprints with those that the vendor publishes.',
      judge({ rootKeys }, all) {
        const replies = keySetReplies(all);
        const isUnknown =
          replies.length > 0 && replies.every(({ problem, status }) => status === 404 && problem !== null);
        return isUnknown && rootKeys.length > 0 ? tell(all, replies) : null;
      },
    },
    trust_key_set_ended: {
      means: 'The signed key set of the service has ended, by the clock of this machine.',
      advice: 'Compare the clock with the present time. If it is right, the vendor has to sign a new key set.',
      judge: (_, all) => judgeKeySet(all, 'key_set_ended'),
    },
    trust_key_set_untrusted: {
      means: 'The key set is not one that a pinned root key has signed for this issuer.',
      advice: 'Compare issuer and thumbprints with those of the vendor. If they are right, another server answers.',
      judge: (_, all) => judgeKeySet(all, 'key_set_untrusted') ?? judgeKeySet(all, 'key_set_unusable'),
    },
  },
} as const satisfies Area<TrustEvidence>;

function keySetReplies({ service }: Evidence): readonly ServiceReply[] {
  return isLookedAt(service) ? service.replies.filter(({ asked }) => asked.includes('/jwks.')) : [];
}

function judgeKeySet(all: Evidence, code: string): Found | null {
  const found = keySetReplies(all).filter(({ keySetFault }) => keySetFault?.startsWith(code) === true);
  return found.length === 0 ? null : tell(all, found);
}

function tell({ service }: Evidence, replies: readonly ServiceReply[]): Found | null {
  const [first] = replies;
  if (first === undefined || !isLookedAt(service)) return null;
  const evidence = replies.map((reply) =>
    [describeReply(reply), ...(reply.keySetFault === null ? [] : [reply.keySetFault])].join(': '),
  );
  return { evidence, command: quoteForSh('curl', '-i', `${service.issuer}${first.asked}`) };
}
