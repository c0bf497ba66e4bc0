import { TROUBLES } from '../../../diagnosis/trouble.ts';
import type { Area } from '../finding.ts';
import type { ImdsEvidence } from '../gather/imds.ts';
import { IMDS_ADDRESS } from '../network/route.ts';
import { quoteForSh } from '../quote.ts';
import { accessRules } from './accessRules.ts';
import { describeAnswer, findTrouble } from './imdsAnswers.ts';

const LOOK_FURTHER = quoteForSh('ip', 'route', 'get', IMDS_ADDRESS);

export const IMDS = {
  title: 'Instance Metadata Service',
  describe: ({ answers }) => `It answered ${answers.length} requests in ${sum(answers)} ms.`,
  causes: {
    imds_access_denied: {
      means: TROUBLES.denied.detail,
      advice:
        'Add the access rules to the inVMAccessControlProfile of the VM for the endpoint IMDS, or run the agent as a user who may use IMDS. Outside Azure, something else answers at this address.',
      judge({ answers, program }) {
        const denied = findTrouble(answers, 'denied');
        if (denied.length === 0) return null;
        const snippet = JSON.stringify(accessRules(program), null, 2);
        return { evidence: denied.map(describeAnswer), command: null, snippet };
      },
    },
    imds_silent: {
      means: 'IMDS does not answer, and nothing that was looked at explains it.',
      advice: 'Look for a firewall between this program and 169.254.169.254 port 80. Outside Azure there is no IMDS.',
      lastResortFor: 'imds_unreachable',
      judge({ answers }) {
        const silent = findTrouble(answers, 'silent');
        return silent.length === 0 ? null : { evidence: silent.map(describeAnswer), command: LOOK_FURTHER };
      },
    },
  },
} as const satisfies Area<ImdsEvidence>;

function sum(answers: ImdsEvidence['answers']): number {
  return answers.reduce((total, { milliseconds }) => total + milliseconds, 0);
}
