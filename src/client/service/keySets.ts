import { VM_ENDPOINTS } from '../../contract/endpoints.ts';
import type { Run } from '../run.ts';
import { ClientError } from '../clientError.ts';
import { parseJsonObject } from '../members.ts';
import { readUnsignedKeySet } from '../trust/keySet.ts';
import type { KeySet } from '../trust/keySet.ts';
import { verifySignedKeySet } from '../trust/signedKeySet.ts';
import { newerOf } from '../trust/trust.ts';
import { readProblem } from './problem.ts';
import { RefusedError } from './refusedError.ts';
import { requestService } from './request.ts';
import type { ServiceAnswer } from './request.ts';

/** A key set, and whether the service has no newer one. */
export interface ObtainedKeySet {
  readonly keySet: KeySet;
  readonly fresh: boolean;
}

const KEY_SET_TYPES = ['application/json', 'application/jwk-set+json'];
const SIGNED_KEY_SET_TYPE = 'application/jwk-set+jwt';

/**
 * The key set to verify with: the vendor's own where one is shipped, else the kept one while it is young, else the
 * service's. The service signs a new set when its keys change and when half the life of the last one is over; a licence
 * under a key that the kept set lacks has a new one fetched all the same.
 *
 * @param kept the newest that is known
 * @throws {ClientError | RefusedError} where there is none
 */
export async function obtainKeySet(run: Run, kept: KeySet | undefined): Promise<ObtainedKeySet> {
  const { trust } = run.session.settings;
  if (trust.kind === 'keySet') {
    run.report({ step: 'key_set', from: 'options' });
    return { keySet: trust.keySet, fresh: true };
  }
  if (kept !== undefined && isYoung(kept, run.clocks.now())) return useKept(run, kept);
  try {
    return await fetchKeySet(run, kept);
  } catch (error) {
    if (kept === undefined || !isOutage(error)) throw error;
    return useKept(run, kept);
  }
}

/** @throws {ClientError | RefusedError} */
export async function fetchKeySet(run: Run, kept: KeySet | undefined): Promise<ObtainedKeySet> {
  const fetched = await requestKeySet(run);
  const end = fetched.signed?.exp;
  if (end !== undefined && end * 1000 <= run.clocks.now()) throw new ClientError('key_set_ended');
  const newest = newerOf(fetched, kept) ?? fetched;
  if (newest !== fetched) return { ...useKept(run, newest), fresh: true };
  if (fetched.signed !== undefined) run.session.memory.newestKeySet = fetched;
  run.report({ step: 'key_set', from: 'service' });
  return { keySet: fetched, fresh: true };
}

function useKept(run: Run, keySet: KeySet): ObtainedKeySet {
  run.report({ step: 'key_set', from: 'cache' });
  return { keySet, fresh: false };
}

/** A set without a time, as on first use, is never young. */
function isYoung({ signed }: KeySet, now: number): boolean {
  return signed !== undefined && now < ((signed.iat + signed.exp) / 2) * 1000;
}

/** Keys that must not be used are not made up for by the kept ones. */
function isOutage(error: unknown): boolean {
  return error instanceof RefusedError || (error instanceof ClientError && error.code !== 'key_set_unusable');
}

/** Each pinned root is asked for in turn: a service has one or two of those that images of ten years pin. */
async function requestKeySet(run: Run): Promise<KeySet> {
  const { issuer, trust } = run.session.settings;
  if (trust.kind !== 'rootKeys') return readUnsigned(await requestService(run, VM_ENDPOINTS.readKeySet.path));
  let answer: ServiceAnswer | undefined;
  for (const root of trust.rootKeys) {
    answer = await requestService(run, `${VM_ENDPOINTS.readSignedKeySet.path}?root=${root}`);
    if (answer.status !== 404) break;
  }
  if (answer === undefined || isUnknownRoot(answer)) throw new ClientError('root_key_unknown');
  return verifySignedKeySet(bodyOf(answer, [SIGNED_KEY_SET_TYPE]), { issuer, rootKeys: trust.rootKeys });
}

function readUnsigned(answer: ServiceAnswer): KeySet {
  const object = parseJsonObject(bodyOf(answer, KEY_SET_TYPES));
  if (object === undefined) throw new ClientError('service_answer_unusable', 'not a JSON object');
  return readUnsignedKeySet(object);
}

/** The service itself says so; a 404 of anything else is an outage. */
function isUnknownRoot(answer: ServiceAnswer): boolean {
  return answer.status === 404 && readProblem(answer) !== undefined;
}

/** @throws {ClientError | RefusedError} where it is not a 200 of such a type */
function bodyOf(answer: ServiceAnswer, types: readonly string[]): string {
  if (answer.status === 200 && types.includes(answer.mediaType)) return answer.text;
  throw RefusedError.of(answer);
}
