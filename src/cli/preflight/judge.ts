import type { Appraisal } from './appraise.ts';
import { attestedBy, isInSkew } from './appraise.ts';
import type { Answer } from '../../client/diagnosis/ask.ts';
import { NOT_REACHED, SUBJECTS, failed, failedBy, noted, passed } from './finding.ts';
import type { Finding, Found, Subject } from './finding.ts';
import { judgeDocument } from './judgeDocument.ts';
import { judgePlan } from './judgePlan.ts';
import { PREFERRED_VERSIONS } from '../../client/imds/versions.ts';
import type { Observations, ObservedDocument } from './observe.ts';
import type { Trouble } from '../../client/diagnosis/trouble.ts';

/** What was observed, and what the verifier says of each document that came. */
export interface Scene {
  readonly observations: Observations;
  /** In the order of the documents; without those that did not come. */
  readonly appraisals: readonly Appraisal[];
  /** Whether this is the emulator, which is on no Azure hardware. */
  readonly isEmulator: boolean;
}

const JUDGES: Readonly<Record<Subject, (scene: Scene) => Found>> = {
  chassis: judgeChassisTag,
  proxy: judgeProxy,
  imds: judgeImds,
  access: judgeAccess,
  versions: judgeVersions,
  instance: ({ observations }) => judgeInstance(observations.instance),
  document: judgeDocument,
  'nonce-base32': ({ observations }) => judgeNonce(observations.documents, 'base32'),
  'nonce-digits': ({ observations }) => judgeNonce(observations.documents, 'digits'),
  plan: ({ observations, appraisals }) => judgePlan(observations.instance, attestedBy(appraisals)),
  clock: judgeClock,
  vtpm: judgeTpm,
};

/** What does not rest on an answer of IMDS. */
const OF_THE_MACHINE: readonly Subject[] = ['chassis', 'proxy', 'imds', 'vtpm'];

/** Without IMDS, one finding says why; the others would only repeat it. */
export function judge(scene: Scene): readonly Finding[] {
  const isReached = judgeImds(scene).outcome !== 'failed';
  return SUBJECTS.map((name) => {
    const isJudged = isReached || OF_THE_MACHINE.includes(name);
    return { name, ...(isJudged ? JUDGES[name](scene) : NOT_REACHED) };
  });
}

export function isReady(findings: readonly Finding[]): boolean {
  return findings.every(({ outcome }) => outcome === 'passed' || outcome === 'noted');
}

function judgeChassisTag({ observations: { chassis }, isEmulator }: Scene): Found {
  if (isEmulator) return noted('emulator', 'Not looked at: this is the emulator.');
  if (chassis === 'known') return passed('The asset tag is the one of Azure’s hardware.');
  const where = 'IMDS counts. In a container this is usual.';
  return chassis === 'foreign'
    ? noted('chassis_foreign', 'The asset tag is not the one of Azure’s hardware.', 'Run this on the VM itself.')
    : noted('chassis_unreadable', `The asset tag cannot be read here. ${where}`);
}

function judgeProxy({ observations: { proxy } }: Scene): Found {
  const { set, diverting } = proxy;
  if (diverting.length > 0) {
    return noted(
      'proxy_diverts',
      `${diverting.join(', ')} would send requests for IMDS to a proxy. Countersign ignores this; other programs may not.`,
      'Add 169.254.169.254 to NO_PROXY.',
    );
  }
  return passed(set.length === 0 ? 'No proxy variable is set.' : `Set, and harmless for IMDS: ${set.join(', ')}.`);
}

function answersOf({ versions, instance, documents }: Observations): readonly Answer<unknown>[] {
  return [versions, ...(instance === null ? [] : [instance]), ...documents.map(({ answer }) => answer)];
}

function troubleOf({ judgement }: Answer<unknown>): Trouble | null {
  return judgement.kind === 'usable' ? null : judgement.trouble;
}

/** IMDS is there when it, or the guest proxy agent before it, has answered anything of its own. */
function isImds(answer: Answer<unknown>): boolean {
  const trouble = troubleOf(answer);
  return trouble === null || trouble === 'denied' || trouble === 'version';
}

function judgeImds({ observations, isEmulator }: Scene): Found {
  const answers = answersOf(observations);
  const found = answers.find(isImds);
  if (found === undefined) return judgeAbsence(observations, isEmulator);
  const earlier = [...new Set(answers.flatMap((answer) => answer.earlier))];
  const trouble = earlier.length === 0 ? '' : `, after other answers (${earlier.join(', ')})`;
  return passed(`IMDS answered in ${found.milliseconds} ms${trouble}.`);
}

function judgeAbsence({ chassis, versions, ...rest }: Observations, isEmulator: boolean): Found {
  const troubles = answersOf({ chassis, versions, ...rest }).map(troubleOf);
  const trouble = troubles.find((each) => each !== null) ?? 'odd';
  const isNothing = trouble === 'no_route' || trouble === 'refused' || trouble === 'silent';
  if (isNothing && chassis === 'foreign' && !isEmulator) {
    return failed(
      'not_in_azure',
      'Nothing answers at 169.254.169.254, and the hardware is not Azure’s.',
      'Run this command on a VM in Azure.',
    );
  }
  return failedBy(trouble);
}

function judgeAccess({ observations }: Scene): Found {
  const answers = answersOf(observations);
  const denied = answers.filter((answer) => troubleOf(answer) === 'denied');
  if (denied.length === 0) return passed('No request was denied by the Metadata Security Protocol.');
  const paths = [...new Set(denied.map(({ path }) => path))].join(', ');
  const { detail, ...rest } = failedBy('denied');
  return { ...rest, detail: `${detail} Denied: ${paths}.` };
}

function judgeVersions({ observations: { versions } }: Scene): Found {
  const { judgement } = versions;
  if (judgement.kind === 'trouble') {
    if (judgement.trouble === 'denied') return NOT_REACHED;
    return noted('versions_unknown', 'The list of api-versions cannot be read. The client does not need it.');
  }
  const { value } = judgement;
  const newest = value.toSorted().at(-1) ?? 'none';
  if (value.includes(PREFERRED_VERSIONS.licence))
    return passed(`${PREFERRED_VERSIONS.licence} is served; the newest is ${newest}.`);
  return noted('version_not_preferred', `${PREFERRED_VERSIONS.licence} is not served; the newest is ${newest}.`);
}

function judgeInstance(instance: Answer<unknown> | null): Found {
  if (instance === null) return NOT_REACHED;
  const trouble = troubleOf(instance);
  if (trouble === null) return passed(`Read with api-version ${instance.query['api-version'] ?? ''}.`);
  return trouble === 'denied' ? NOT_REACHED : failedBy(trouble);
}

const CALLED = { base32: '32 characters', digits: 'ten digits' } as const;

function judgeNonce(documents: readonly ObservedDocument[], asked: ObservedDocument['style']): Found {
  const document = documents.find(({ style }) => style === asked);
  if (document?.answer.judgement.kind !== 'usable') return NOT_REACHED;
  const { isEchoed, stale } = document;
  if (!isEchoed) {
    return failed(
      'document_stale',
      `Four documents came without the nonce of ${CALLED[asked]}.`,
      'Run the command again in a minute. If it stays like this, send the fixture (--out FILE) to the maintainers.',
    );
  }
  const detail = `The document carries the nonce of ${CALLED[asked]}.`;
  return stale === 0 ? passed(detail) : noted('document_stale_first', `${detail} IMDS answered from its cache before.`);
}

const SECOND = 1000;

function judgeClock({ appraisals }: Scene): Found {
  const ahead = appraisals.map((appraisal) => appraisal.ahead).findLast((each) => each !== null);
  if (ahead === undefined) return NOT_REACHED;
  const seconds = Math.round(Math.abs(ahead) / SECOND);
  const side = ahead < 0 ? 'behind' : 'ahead of';
  const detail = `The clock of this machine is ${seconds} s ${side} the document’s.`;
  if (isInSkew(ahead)) return passed(detail);
  return failed(
    'clock_differs',
    detail,
    'Set the clock by time synchronization (chrony, w32time). If it is right, IMDS answers with an old document: run the command again in a minute.',
  );
}

function judgeTpm({ observations: { vtpm } }: Scene): Found {
  if (vtpm === 'seen') return passed('/dev/tpmrm0 is there.');
  const need = 'Countersign does not need one.';
  return vtpm === 'absent'
    ? noted('vtpm_absent', `There is no /dev/tpmrm0. ${need}`)
    : noted('vtpm_unknown', `Looked for on Linux alone. ${need}`);
}
