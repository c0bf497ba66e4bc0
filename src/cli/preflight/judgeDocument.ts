import type { CheckFacts, Verification } from '../../contract/attestation.ts';
import { PROBLEMS } from '../../contract/problems.ts';
import type { EvidenceCode } from '../../contract/codes.ts';
import type { Appraisal } from './appraise.ts';
import { NOT_REACHED, failed, failedBy, passed } from './finding.ts';
import type { Found } from './finding.ts';
import type { Observations } from './observe.ts';

/** Where the problem page speaks to a service's caller, and this machine needs something else. */
const ADVICE: Readonly<Partial<Record<EvidenceCode, string>>> = {
  issuer_certificate_missing:
    'Run: countersign trust sync. Without a way out, run it elsewhere with --out DIR, copy the directory here and name it with --trust-dir DIR.',
  issuer_unknown:
    'Update countersign and run: countersign trust sync. If it stays like this, send the fixture (--out FILE) to the maintainers: Azure may use a new CA.',
  claim_missing:
    'IMDS is too old, or this is a VM of the classic deployment model. Move the VM to a current host (stop, deallocate, start).',
};

const SEND =
  'Run the command again. If it stays like this, something changes the answers of IMDS, or Azure has changed them: send the fixture (--out FILE) to the maintainers.';
const EMULATOR =
  'For the emulator, add --trust-pem FILE --domain metadata.emulator.test, where FILE is from countersign imds --authority FILE.';

interface Documents {
  readonly observations: Observations;
  readonly appraisals: readonly Appraisal[];
  readonly isEmulator: boolean;
}

/** Both documents must be accepted; the first that is not is told. */
export function judgeDocument({ observations, appraisals, isEmulator }: Documents): Found {
  for (const { answer } of observations.documents) {
    const { judgement } = answer;
    if (judgement.kind === 'trouble') return judgement.trouble === 'denied' ? NOT_REACHED : failedBy(judgement.trouble);
  }
  const refused = appraisals.map(({ verification }) => verification).find(({ accepted }) => !accepted);
  if (refused !== undefined && !refused.accepted) return describeRefusal(refused, isEmulator);
  const [first] = appraisals;
  return first?.verification.accepted === true ? passed(describeResult(first.verification)) : NOT_REACHED;
}

type Refused = Extract<Verification, { accepted: false }>;
type Accepted = Extract<Verification, { accepted: true }>;

function describeRefusal({ code, checks }: Refused, isEmulator: boolean): Found {
  const check = checks.find(({ outcome }) => outcome === 'failed');
  const isTrust = code === 'signer_unexpected' || code === 'issuer_unknown';
  const advice = isEmulator && isTrust ? EMULATOR : (ADVICE[code] ?? SEND);
  const facts = check?.facts === undefined ? '' : describeFacts(check.facts);
  return failed(code, `${PROBLEMS[code].title}${facts}.`, advice);
}

/** The names of certificates are public; the document's own claims are not told. */
function describeFacts(facts: CheckFacts): string {
  if (facts.code === 'issuer_unknown') return ` (${facts.issuer ?? 'without a name'})`;
  if (facts.code === 'claim_missing') return ` (${facts.claim})`;
  return 'name' in facts && facts.name !== null ? ` (${facts.name})` : '';
}

function describeResult({ result, checks }: Accepted): string {
  const path = checks.find(({ name }) => name === 'path')?.detail ?? '';
  const region = result.region === null ? '' : `, region ${result.region}`;
  return `Signed by ${result.cloud}${region}: ${path}.`;
}
