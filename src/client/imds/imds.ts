import { parseJsonObject, textMember } from '../members.ts';
import type { AttestedDocumentResponse } from '../../contract/wire.ts';
import type { ImdsReply } from '../adapters.ts';
import { ClientError } from '../clientError.ts';
import type { Run } from '../run.ts';
import type { Chassis } from './chassis.ts';
import { newestKnownVersion, USER_DATA_SINCE } from './versions.ts';

/** The link-local address of IMDS, the same in every cloud of Azure. */
const IMDS_URL = 'http://169.254.169.254';
/** Milliseconds. */
const FIRST_TIMEOUT = 2000;
const MAX_TIMEOUT = 30_000;
const FIRST_PAUSE = 250;
const MAX_PAUSE = 10_000;
/** On foreign hardware IMDS is given up after this time. One slow answer still fits in. */
const FOREIGN_PATIENCE = 2900;
/** Characters: the service takes 16 KiB of DER, and this is its base64. */
const MAX_SIGNATURE = 22_000;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const DOCUMENT_TRIES = 4;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** What is known of this machine before IMDS has said anything. */
export interface Surroundings {
  readonly chassis: Chassis;
  /** Whether a licence in hand counts. */
  readonly hasLicence: boolean;
}

/** Why there is no usable answer yet. `odd`: an answer, and not one that IMDS gives. */
type Trouble = 'absent' | 'silent' | 'busy' | 'odd';

type Verdict<Value> =
  | { readonly kind: 'usable'; readonly value: Value }
  /** The api-version was refused; the text may name others. */
  | { readonly kind: 'version'; readonly text: string }
  | { readonly kind: Trouble };

interface Item<Value> {
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** @returns undefined where it is no answer of IMDS */
  readonly parse: (text: string) => Value | undefined;
}

/** What is asked for, then what is asked for instead after one odd answer. */
type Items<Value> = readonly [Item<Value>, Item<Value>?];

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
const VERSIONS: Item<string> = { path: '/metadata/versions', query: {}, parse: (text) => text };

/**
 * The Instance Metadata Service of the VM that this program runs on (Azure Instance Metadata Service, "Errors and
 * debugging"). Each method throws {ClientError} `not_in_azure`, `imds_not_answering`, `imds_answer_unusable`.
 */
export class Imds {
  readonly #run: Run;
  readonly #surroundings: Surroundings;
  readonly #startedAt: number;
  #timeout = FIRST_TIMEOUT;
  #answered = false;
  /** Came with the vmId. */
  #userData: string | undefined;

  constructor(run: Run, surroundings: Surroundings) {
    this.#run = run;
    this.#surroundings = surroundings;
    this.#startedAt = run.clocks.monotonic();
  }

  /** @returns a lower-case UUID */
  readVmId(): Promise<string> {
    return this.#read([VM_ID]);
  }

  /**
   * Reads which VM this is together with its user data, for {@link readUserData}: one request instead of two. Where an
   * answer cannot be used, the vmId alone is asked for: an owner may allow this program single items.
   *
   * @returns a lower-case UUID
   */
  async readVmIdWithUserData(): Promise<string> {
    const { vmId, userData } = await this.#read<Identity>([
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
    let ceiling = FIRST_PAUSE;
    for (let tries = 1; ; tries++) {
      const document = await this.#read(items);
      const fresh = hasNonce(document, nonce);
      this.#run.report({ step: 'document', tries, fresh });
      if (fresh) return document;
      // A few quick tries even when no time is left: an old document is not an outage.
      if (tries === DOCUMENT_TRIES) throw new ClientError('document_stale');
      await this.#run.pause(this.#draw(ceiling));
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
    const version = this.#run.session.memory.apiVersion;
    if (this.#userData !== undefined || version < USER_DATA_SINCE) return this.#userData;
    const query = { format: 'text' };
    const item = { path: '/metadata/instance/compute/userData', query, parse: (text: string) => text };
    const verdict = await this.#ask(item, version);
    return verdict.kind === 'usable' ? verdict.value : undefined;
  }

  async #read<Value>(items: Items<Value>): Promise<Value> {
    const first = await this.#persist(items);
    if (first.kind === 'usable') return first.value;
    await this.#fallBackToKnownVersion(first.text);
    const second = await this.#persist(items);
    if (second.kind === 'usable') return second.value;
    throw new ClientError('imds_answer_unusable', 'api-version');
  }

  async #fallBackToKnownVersion(refusal: string): Promise<void> {
    const { memory } = this.#run.session;
    const listed = await this.#persist([VERSIONS], false);
    const texts = [refusal, listed.kind === 'usable' ? listed.value : listed.text];
    const version = newestKnownVersion(texts);
    if (version === undefined) throw new ClientError('imds_answer_unusable', 'api-version');
    memory.apiVersion = version;
  }

  /** Asks until there is an answer that IMDS gives, or no time left. One odd answer is forgiven. */
  async #persist<Value>(
    items: Items<Value>,
    versioned = true,
  ): Promise<Extract<Verdict<Value>, { kind: 'usable' | 'version' }>> {
    let ceiling = FIRST_PAUSE;
    for (let odd = 0; ;) {
      const item = items[odd] ?? items[0];
      const verdict = await this.#ask(item, versioned ? this.#run.session.memory.apiVersion : undefined);
      if (verdict.kind === 'usable' || verdict.kind === 'version') return verdict;
      if (verdict.kind === 'odd') odd += 1;
      const pause = this.#draw(ceiling);
      if (odd > 1 || pause >= this.#timeLeft) throw this.#describe(verdict.kind);
      this.#run.report({ step: 'waiting', for: 'imds', milliseconds: Math.round(pause) });
      await this.#run.pause(pause);
      ceiling = Math.min(ceiling * 2, MAX_PAUSE);
    }
  }

  async #ask<Value>({ path, query, parse }: Item<Value>, version: string | undefined): Promise<Verdict<Value>> {
    const { session, request } = this.#run;
    const { adapters, imdsUrl = IMDS_URL } = session.settings;
    const parameters = formatQuery({ ...(version === undefined ? {} : { 'api-version': version }), ...query });
    await this.#run.pace?.turn();
    await this.#run.lock?.renew();
    const reply = await adapters.requestImds({
      url: `${imdsUrl}${path}${parameters === '' ? '' : `?${parameters}`}`,
      timeoutMs: this.#nextTimeout(),
      ...(request.signal === undefined ? {} : { signal: request.signal }),
    });
    this.#run.checkStopped();
    return this.#judge(reply, parse);
  }

  /** An answer that took too long is given twice the time when it is asked for again. */
  #nextTimeout(): number {
    if (this.#mayBeElsewhere) return Math.max(1, this.#foreignTimeLeft);
    return this.#run.requestTime(this.#timeout);
  }

  #judge<Value>(reply: ImdsReply, parse: (text: string) => Value | undefined): Verdict<Value> {
    if (reply.kind === 'silent') this.#timeout = Math.min(this.#timeout * 2, MAX_TIMEOUT);
    if (reply.kind === 'refused' || reply.kind === 'no_route') return { kind: 'absent' };
    if (reply.kind === 'silent') return { kind: 'silent' };
    this.#answered = true;
    if (reply.kind === 'cut') return { kind: 'odd' };
    const { status, text } = reply;
    if (isVersionRefused(reply)) return { kind: 'version', text };
    // 404 and 410 are how IMDS answers while it starts or is updated.
    if (status === 404 || status === 410 || status === 429 || status >= 500) return { kind: 'busy' };
    const value = status === 200 ? parse(text) : undefined;
    return value === undefined ? { kind: 'odd' } : { kind: 'usable', value };
  }

  #draw(ceiling: number): number {
    return this.#run.session.settings.adapters.random() * ceiling;
  }

  get #timeLeft(): number {
    if (!this.#mayBeElsewhere) return this.#run.timeLeft;
    return this.#run.session.settings.once ? 0 : this.#foreignTimeLeft;
  }

  get #foreignTimeLeft(): number {
    return this.#startedAt + FOREIGN_PATIENCE - this.#run.clocks.monotonic();
  }

  /** Foreign hardware, and nothing that answers so far. An IMDS that answers is always asked, whatever the hardware. */
  get #mayBeElsewhere(): boolean {
    return this.#surroundings.chassis === 'foreign' && !this.#answered;
  }

  #describe(trouble: Trouble): ClientError {
    const { chassis, hasLicence } = this.#surroundings;
    if (trouble === 'odd') return new ClientError('imds_answer_unusable');
    const isElsewhere = chassis === 'unreadable' && !hasLicence && trouble === 'absent' && !this.#answered;
    return new ClientError(this.#mayBeElsewhere || isElsewhere ? 'not_in_azure' : 'imds_not_answering');
  }
}

function formatQuery(parameters: Readonly<Record<string, string>>): string {
  return Object.entries(parameters)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
}

/** 400 today; hosts of the first years answered 404 and said so in the text. */
function isVersionRefused({ status, text }: { readonly status: number; readonly text: string }): boolean {
  return status === 400 || (status === 404 && /invalid version|newest-versions/i.test(text));
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
