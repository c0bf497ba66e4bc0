import { VM_ENDPOINTS } from '../../contract/endpoints.ts';
import { formatInstant } from '../../contract/instants.ts';
import type { Failure } from '../answer.ts';
import { findClaimCode } from '../claimCode.ts';
import { ClientError } from '../clientError.ts';
import { UNKNOWN_KEY, verifyDenial } from '../licence/denial.ts';
import type { VerifiedDenial } from '../licence/denial.ts';
import { verifyLicence } from '../licence/licence.ts';
import type { LicenceClaims } from '../licence/licenceClaims.ts';
import type { KeySet } from '../trust/keySet.ts';
import { Exchange, requestLicence } from './exchange.ts';
import type { Evidence, ExchangeContext } from './exchange.ts';
import { fetchKeySet, obtainKeySet } from './keySets.ts';
import type { ObtainedKeySet } from './keySets.ts';
import { persist } from './persist.ts';
import type { ServiceProblem } from './problem.ts';
import { RefusedError } from './refusedError.ts';

/** What the new licence is compared with. */
export interface Subject {
  readonly vmId: string;
  /** The licence in hand, and the time that counts for it. */
  readonly licence: { readonly iat: number; /** Milliseconds since the epoch. */ readonly at: number } | undefined;
  /** Whether a licence in hand lets the software run: then the VM's user data is not read. */
  readonly isLicensed: boolean;
  /** Of a kept denial. NumericDate. */
  readonly deniedAt: number | undefined;
  /** The newest that is known. */
  readonly keySet: KeySet | undefined;
}

export interface IssuedLicence {
  readonly token: string;
  readonly claims: LicenceClaims;
  readonly keySet: KeySet;
}

/** A denial of this very request. */
export interface ReceivedDenial {
  readonly token: string;
  readonly code: string;
  readonly keySet: KeySet;
  /** The proof that it answers. */
  readonly proof: string;
  readonly problem: ServiceProblem;
}

export type Obtained =
  | { readonly outcome: 'issued'; readonly licence: IssuedLicence }
  | { readonly outcome: 'denied'; readonly denial: ReceivedDenial }
  | { readonly outcome: 'failed'; readonly failure: Failure };

/** Challenge, evidence, licence. The licence that comes back has passed every check. */
export async function obtainLicence(context: ExchangeContext, subject: Subject): Promise<Obtained> {
  const exchange = new Exchange(context);
  let keys: ObtainedKeySet | undefined;
  let claim: { readonly code: string | undefined } | undefined;
  const persisted = await persist(context.run, exchange, async () => {
    const evidence = await exchange.prepare(VM_ENDPOINTS.issueLicence.path);
    // Before the evidence is sent, because that uses the challenge up: a licence that cannot be verified would be lost.
    keys ??= await obtainKeySet(context.run, subject.keySet);
    claim ??= { code: await findClaim(context, subject) };
    return attempt(context, { subject, evidence, obtained: keys, claim: claim.code });
  });
  return persisted.ok ? persisted.value : { outcome: 'failed', failure: persisted.failure };
}

/** The claim code of the options, or one in the user data of a VM that has no licence. */
export async function findClaim(
  { run, imds }: Pick<ExchangeContext, 'run' | 'imds'>,
  { isLicensed }: Pick<Subject, 'isLicensed'>,
): Promise<string | undefined> {
  const { claim } = run.session.settings;
  if (claim !== undefined || isLicensed) return claim;
  const code = findClaimCode((await imds.readUserData()) ?? '');
  run.report({ step: 'user_data', hasClaim: code !== undefined });
  return code;
}

/** What one attempt goes by. */
interface Attempt {
  readonly subject: Subject;
  readonly evidence: Evidence;
  readonly obtained: ObtainedKeySet;
  readonly claim: string | undefined;
}

/** @throws {ClientError | RefusedError} */
async function attempt(context: ExchangeContext, by: Attempt): Promise<Obtained> {
  try {
    const token = await requestLicence(context.run, by.evidence, by.claim);
    return { outcome: 'issued', licence: await verifyIssued(context, by, token) };
  } catch (error) {
    const denial = error instanceof RefusedError ? await readDenial(context, by, error.problem) : undefined;
    if (denial === undefined) throw error;
    return { outcome: 'denied', denial };
  }
}

/** @throws {ClientError} */
async function verifyIssued(
  context: ExchangeContext,
  { subject, obtained }: Attempt,
  token: string,
): Promise<IssuedLicence> {
  const { run } = context;
  const { issuer, product } = run.session.settings;
  const verify = ({ keySet }: ObtainedKeySet): IssuedLicence => {
    const claims = verifyLicence(token, keySet, { issuer, product, vmId: subject.vmId });
    return { token, claims, keySet };
  };
  const licence = await verifyUnderNewKey(context, subject, obtained, verify);
  checkNew(context, subject, licence.claims);
  const { id } = licence.claims.licence;
  run.report({ step: 'licence', id, expiresAt: formatInstant(licence.claims.exp * 1000) });
  return licence;
}

/** Fetches the service's key set when the kept one lacks the key. */
async function verifyUnderNewKey(
  { run }: ExchangeContext,
  { keySet }: Subject,
  obtained: ObtainedKeySet,
  verify: (obtained: ObtainedKeySet) => IssuedLicence,
): Promise<IssuedLicence> {
  try {
    return verify(obtained);
  } catch (error) {
    const isUnknown = error instanceof ClientError && error.code === 'licence_key_unknown';
    if (isUnknown && obtained.keySet.kept === null) throw new ClientError('shipped_key_set_outdated');
    if (!isUnknown || obtained.fresh) throw error;
    return verify(await fetchKeySet(run, keySet));
  }
}

/**
 * Rejects recorded licences, and reports a clock that is past the end of a new one.
 *
 * @throws {ClientError} `licence_foreign`, `licence_outdated`, `clock_wrong`
 */
export function checkNew(
  { run, key }: Pick<ExchangeContext, 'run' | 'key'>,
  { licence, deniedAt }: Pick<Subject, 'licence' | 'deniedAt'>,
  claims: LicenceClaims,
): void {
  if (claims.cnf?.jkt !== key.thumbprint) throw new ClientError('licence_foreign', 'cnf');
  if (licence !== undefined && isOutdated(claims, licence)) throw new ClientError('licence_outdated');
  if (deniedAt !== undefined && claims.iat <= deniedAt) throw new ClientError('licence_outdated', 'denied since');
  if (claims.exp * 1000 <= run.clocks.now()) throw new ClientError('clock_wrong');
}

/** The licence in hand once more has to stand by the time that counts for it: only a later one sets that time anew. */
function isOutdated({ iat, exp }: LicenceClaims, inHand: { readonly iat: number; readonly at: number }): boolean {
  return iat < inHand.iat || (iat === inHand.iat && exp * 1000 <= inHand.at);
}

/** A denial that does not answer this request is ignored. The refusal stays, and so does grace. */
async function readDenial(
  { run }: ExchangeContext,
  { evidence, obtained, subject }: Attempt,
  problem: ServiceProblem,
): Promise<ReceivedDenial | undefined> {
  const { denial: token } = problem;
  if (token === undefined) return undefined;
  const { issuer, product } = run.session.settings;
  const { proof } = evidence;
  const verify = (keySet: KeySet): VerifiedDenial =>
    verifyDenial(token, keySet, { issuer, product, vmId: subject.vmId, proof });
  let { keySet } = obtained;
  let verified = verify(keySet);
  if (!verified.verified && verified.because === UNKNOWN_KEY && !obtained.fresh) {
    keySet = (await fetchKeySet(run, subject.keySet)).keySet;
    verified = verify(keySet);
  }
  if (verified.verified) return { token, code: verified.code, keySet, proof, problem };
  run.report({ step: 'denial_ignored', why: verified.because });
  return undefined;
}
