import { TROUBLES } from '../../../diagnosis/trouble.ts';
import type { Area, Found } from '../finding.ts';
import type { ImdsEvidence } from '../gather/imds.ts';
import { IMDS_ADDRESS } from '../network/route.ts';
import { quoteForSh } from '../../../../contract/quoteForSh.ts';
import { accessRules } from './accessRules.ts';
import { describeAnswer, faultOf } from './imdsAnswers.ts';
import type { Fault } from './imdsAnswers.ts';

const WHO_ASKS = quoteForSh('ss', '-tnp', 'dst', IMDS_ADDRESS);
const WHICH_WAY = quoteForSh('ip', 'route', 'get', IMDS_ADDRESS);
const BY_HAND = quoteForSh(
  ...['curl', '-sv', '--noproxy', '*', '-m', '10', '-H', 'Metadata: true', `http://${IMDS_ADDRESS}/metadata/versions`],
);
const UNEXPLAINED = 'Nothing that was looked at explains it.';
const FURTHER =
  'Ask by hand, and look for a firewall or a security program between here and 169.254.169.254 port 80. The network card of the VM has to get its address by DHCP. Outside Azure there is no IMDS.';

export const IMDS = {
  title: 'Instance Metadata Service',
  describe: ({ answers }) => `Requests that it answered: ${answers.length}, in ${sum(answers)} ms.`,
  causes: {
    imds_header_lost: { ...wordsOf('header_lost'), judge: (own) => findFault(own, 'header_lost', BY_HAND) },
    imds_forwarded: { ...wordsOf('forwarded'), judge: (own) => findFault(own, 'forwarded', BY_HAND) },
    imds_version_refused: {
      means: TROUBLES.version.detail,
      advice: 'Stop the VM and start it again: it then runs on another host, and newer hosts know the api-versions.',
      judge: (own) => findFault(own, 'version', null),
    },
    imds_not_found: {
      means: 'IMDS answers that it does not have what was asked for (404).',
      advice:
        'Restart the VM. If it stays like this, something else may answer at 169.254.169.254: ask by hand, and see who it is.',
      judge: (own) => findFault(own, 'not_found', BY_HAND),
    },
    imds_updating: { ...wordsOf('updating'), judge: (own) => findFault(own, 'updating', null) },
    imds_busy: {
      ...wordsOf('busy'),
      judge(own) {
        const busy = own.answers.filter(({ trouble, earlier }) => trouble === 'busy' || earlier.includes('busy'));
        if (busy.length === 0) return null;
        const evidence = busy.map(
          (answer) => `${describeAnswer(answer)}${answer.trouble === 'busy' ? '' : ', after 429'}`,
        );
        return { evidence, command: WHO_ASKS };
      },
    },
    imds_failing: { ...wordsOf('failing'), judge: (own) => findFault(own, 'failing', null) },
    imds_access_denied: {
      means: TROUBLES.denied.detail,
      advice:
        'Add the access rules to the inVMAccessControlProfile of the VM for the endpoint IMDS, or run the agent as a user who may use IMDS. Outside Azure, something else answers at this address.',
      judge(own) {
        const found = findFault(own, 'denied', null);
        return found && { ...found, snippet: JSON.stringify(accessRules(own.program), null, 2) };
      },
    },
    imds_redirected: { ...wordsOf('redirected'), judge: (own) => findFault(own, 'redirected', BY_HAND) },
    imds_page: {
      means: 'A web page comes instead of metadata: a proxy, a portal or a security program answers for IMDS.',
      advice: 'Exempt 169.254.169.254 port 80 from what intercepts web traffic here.',
      judge: (own) => findFault(own, 'page', BY_HAND),
    },
    imds_tls: {
      means: 'What answers at the address of IMDS wants TLS, and IMDS never does.',
      advice: 'Exempt 169.254.169.254 port 80 from what intercepts web traffic here.',
      judge: (own) => findFault(own, 'tls', BY_HAND),
    },
    imds_odd: { ...wordsOf('odd'), judge: (own) => findFault(own, 'odd', BY_HAND) },
    imds_silent: {
      means: `${TROUBLES.silent.detail} ${UNEXPLAINED}`,
      advice: FURTHER,
      lastResortFor: 'imds_unreachable',
      judge: (own) => findFault(own, 'silent', BY_HAND),
    },
    imds_refused: {
      means: `${TROUBLES.refused.detail} ${UNEXPLAINED}`,
      advice: FURTHER,
      lastResortFor: 'imds_unreachable',
      judge: (own) => findFault(own, 'refused', BY_HAND),
    },
    imds_no_route: {
      means: `${TROUBLES.no_route.detail} ${UNEXPLAINED}`,
      advice: FURTHER,
      lastResortFor: 'imds_unreachable',
      judge: (own) => findFault(own, 'no_route', WHICH_WAY),
    },
  },
} as const satisfies Area<ImdsEvidence>;

/** As `preflight` says it. */
function wordsOf(trouble: keyof typeof TROUBLES) {
  const { detail, advice } = TROUBLES[trouble];
  return { means: detail, advice };
}

function findFault({ answers, head }: ImdsEvidence, fault: Fault, command: string | null): Found | null {
  const found = answers.filter((answer) => faultOf(answer, head) === fault);
  if (found.length === 0) return null;
  return { evidence: [...found.map(describeAnswer), ...(head?.lines ?? [])], command };
}

function sum(answers: ImdsEvidence['answers']): number {
  return answers.reduce((total, { milliseconds }) => total + milliseconds, 0);
}
