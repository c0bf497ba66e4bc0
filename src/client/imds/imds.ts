import { parseJsonObject, textMember } from '../members.ts';
import type { AttestedDocumentResponse } from '../../contract/wire.ts';
import { ClientError } from '../clientError.ts';
import type { Run } from '../run.ts';
import { ImdsRequests, sendEarly } from './imdsRequests.ts';
import type { Item, Surroundings } from './imdsRequests.ts';
import { USER_DATA_SINCE } from './versions.ts';

/** Milliseconds. */
const FIRST_PAUSE = 250;
/** Characters: the service takes 16 KiB of DER, and this is its base64. */
const MAX_SIGNATURE = 22_000;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const DOCUMENT_TRIES = 4;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

interface Identity {
  readonly vmId: string;
  /** In base64; undefined where it was not asked for. */
  readonly userData: string | undefined;
}

const VM_ID: Item<string> = {
  path: '/metadata/instance/compute/vmId',
  query: { format: 'text' },
  parse: parseVmId,
};
const COMPUTE: Item<Identity> = { path: '/metadata/instance/compute', query: {}, parse: parseIdentity };

/** Asks which VM this is, before it is known with which patience. {@link Imds.readVmId} takes the answer. */
export function askVmIdEarly(run: Run): Promise<void> {
  return sendEarly(run, VM_ID, run.session.memory.apiVersions.licence);
}

/**
 * What a licence takes of IMDS. Each method throws {ClientError} `not_in_azure`, `imds_not_answering`, `imds_answer_unusable`.
 */
export class Imds {
  readonly #run: Run;
  readonly #requests: ImdsRequests;
  /** Came with the vmId. */
  #userData: string | undefined;

  constructor(run: Run, surroundings: Surroundings) {
    this.#run = run;
    this.#requests = new ImdsRequests(run, surroundings, 'licence');
  }

  /** @returns a lower-case UUID */
  readVmId(): Promise<string> {
    return this.#requests.read([VM_ID]);
  }

  /**
   * Reads which VM this is together with its user data, for {@link readUserData}: one request instead of two. Where an
   * answer cannot be used, the vmId alone is asked for: an owner may allow this program single items.
   *
   * @returns a lower-case UUID
   */
  async readVmIdWithUserData(): Promise<string> {
    const { vmId, userData } = await this.#requests.read<Identity>([
      COMPUTE,
      { ...VM_ID, parse: (text) => withoutUserData(parseVmId(text)) },
    ]);
    this.#userData = userData;
    return vmId;
  }

  /**
   * Reads the attested document with that nonce. IMDS caches, so one with an earlier nonce may come; then it is asked again.
   *
   * @throws {ClientError} also `document_stale`
   */
  async readDocument(nonce: string): Promise<AttestedDocumentResponse> {
    const items = [{ path: '/metadata/attested/document', query: { nonce }, parse: parseAttestedDocument }] as const;
    const { adapters } = this.#run.session.settings;
    let ceiling = FIRST_PAUSE;
    for (let tries = 1; ; tries++) {
      const document = await this.#requests.read(items);
      const fresh = hasNonce(document, nonce);
      this.#run.report({ step: 'document', tries, fresh });
      if (fresh) return document;
      // A few quick tries even when no time is left: an old document is not an outage.
      if (tries === DOCUMENT_TRIES) throw new ClientError('document_stale');
      await this.#run.pause(adapters.random() * ceiling);
      ceiling *= 2;
    }
  }

  /**
   * Reads the user data of the VM, where it did not come with the vmId. One request, which nothing depends on: it is never
   * repeated and never fails.
   *
   * @returns as IMDS answers with it, in base64; undefined where there is no answer or IMDS is too old for it
   */
  async readUserData(): Promise<string | undefined> {
    if (this.#userData !== undefined || this.#requests.apiVersion < USER_DATA_SINCE) return this.#userData;
    const query = { format: 'text' };
    return this.#requests.readOnce({ path: '/metadata/instance/compute/userData', query, parse: (text) => text });
  }
}

function parseVmId(text: string): string | undefined {
  const vmId = text.trim().toLowerCase();
  return UUID.test(vmId) ? vmId : undefined;
}

function withoutUserData(vmId: string | undefined): Identity | undefined {
  return vmId === undefined ? undefined : { vmId, userData: undefined };
}

/** Of compute metadata. An IMDS that is too old for user data has none. */
function parseIdentity(text: string): Identity | undefined {
  const object = parseJsonObject(text) ?? {};
  const vmId = parseVmId(textMember(object, 'vmId', 64) ?? '');
  return vmId === undefined ? undefined : { vmId, userData: textMember(object, 'userData', text.length) ?? '' };
}

/** @returns undefined where it is not what IMDS answers */
function parseAttestedDocument(text: string): AttestedDocumentResponse | undefined {
  const object = parseJsonObject(text);
  if (object?.['encoding'] !== 'pkcs7') return undefined;
  const signature = textMember(object, 'signature', MAX_SIGNATURE);
  return signature !== undefined && BASE64.test(signature) ? { encoding: 'pkcs7', signature } : undefined;
}

/**
 * Whether the nonce stands somewhere in the document. A hint that IMDS did not answer from its cache, worth another
 * request; the service decides whether the document is genuine.
 */
function hasNonce(document: AttestedDocumentResponse, nonce: string): boolean {
  return Buffer.from(document.signature, 'base64').includes(nonce, 0, 'latin1');
}
