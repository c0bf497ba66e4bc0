import type { AttestedDocumentResponse } from '../contract/wire.ts';
import { hasNonce, parseAttestedDocument } from './attestedDocument.ts';
import { BackOff } from './backOff.ts';
import { ClientError } from './clientError.ts';
import { requestImds } from './imdsRequest.ts';
import type { ImdsReply } from './imdsRequest.ts';
import { newestKnownVersion, PREFERRED_VERSION } from './imdsVersions.ts';
import { Pace } from './pace.ts';
import type { ReportProgress } from './progress.ts';
import type { Surroundings } from './surroundings.ts';

export interface ImdsSettings {
  /** Without a trailing slash; undefined for the real one. */
  readonly baseUrl: string | undefined;
  readonly surroundings: Surroundings;
  readonly report: ReportProgress;
}

/** The link-local address of IMDS, the same in every cloud of Azure. */
const IMDS_URL = 'http://169.254.169.254';
/** The chassis asset tag of every Azure VM; cloud-init tells Azure by it too. */
const AZURE_CHASSIS = '7783-7084-3265-9085-8269-3286-77';
/** After an update of the host IMDS may be gone for 70 s (article, "Error and debugging"). */
const PATIENCE_WITH_ANSWERS = 70_000;
/** A host that says nothing at all is given less: outside Azure nothing will ever answer. */
const PATIENCE_WITH_SILENCE = 20_000;
const DOCUMENT_TRIES = 4;
const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;

/** Why there is no usable answer yet. */
type Trouble = 'refused' | 'silent' | 'busy' | 'foreign';

/**
 * The Instance Metadata Service of the VM that this program runs on. `deadline` is by the monotonic clock: when it has
 * passed nothing is tried again. Every method throws `ClientError`: `not_in_azure`, `imds_not_answering`,
 * `imds_answer_unusable`.
 */
export class Imds {
  readonly #settings: ImdsSettings;
  readonly #pace: Pace;
  #version = PREFERRED_VERSION;
  #answered = false;

  constructor(settings: ImdsSettings) {
    this.#settings = settings;
    this.#pace = new Pace(settings.surroundings);
  }

  /** @returns a lower-case UUID */
  async readVmId(deadline: number): Promise<string> {
    const text = await this.#read('/metadata/instance/compute/vmId', { format: 'text' }, deadline);
    const vmId = text.trim().toLowerCase();
    if (!UUID.test(vmId)) throw new ClientError('imds_answer_unusable', 'vmId');
    return vmId;
  }

  /**
   * Reads the attested document with that nonce. IMDS caches, so one with an earlier nonce may come; then it is asked again.
   *
   * @throws {ClientError} also `document_stale`
   */
  async readDocument(nonce: string, deadline: number): Promise<AttestedDocumentResponse> {
    const backOff = new BackOff(this.#settings.surroundings);
    for (let tries = 1; ; tries++) {
      const document = parseAttestedDocument(await this.#read('/metadata/attested/document', { nonce }, deadline));
      if (document === undefined) throw new ClientError('imds_answer_unusable', 'attested document');
      const fresh = hasNonce(document, nonce);
      this.#settings.report({ step: 'document', tries, fresh });
      if (fresh) return document;
      // A few quick tries even when there is no time for long ones: an old document is no outage.
      const pause = tries < DOCUMENT_TRIES ? backOff.next(Infinity) : undefined;
      if (pause === undefined) throw new ClientError('document_stale');
      await this.#settings.surroundings.sleep(pause);
    }
  }

  async #read(path: string, query: Readonly<Record<string, string>>, deadline: number): Promise<string> {
    const first = await this.#persist(path, { 'api-version': this.#version, ...query }, deadline);
    if (first.status === 200) return first.text;
    await this.#fallBackToKnownVersion(deadline);
    const second = await this.#persist(path, { 'api-version': this.#version, ...query }, deadline);
    if (second.status === 200) return second.text;
    throw new ClientError('imds_answer_unusable', `status ${second.status}`);
  }

  async #fallBackToKnownVersion(deadline: number): Promise<void> {
    const { status, text } = await this.#persist('/metadata/versions', {}, deadline);
    const version = status === 200 ? newestKnownVersion(text) : undefined;
    if (version === undefined) throw new ClientError('imds_answer_unusable', 'api-version');
    this.#version = version;
  }

  /** Asks until there is an answer with 200 or 400, or no time left. */
  async #persist(
    path: string,
    query: Record<string, string>,
    deadline: number,
  ): Promise<ImdsReply & { kind: 'answer' }> {
    const { surroundings, report } = this.#settings;
    const url = new URL(`${this.#settings.baseUrl ?? IMDS_URL}${path}?${new URLSearchParams(query).toString()}`);
    const backOff = new BackOff(surroundings);
    const start = surroundings.monotonic();
    for (;;) {
      await this.#pace.turn();
      const reply = await requestImds(url, surroundings);
      const trouble = troubleOf(reply);
      if (trouble === undefined && reply.kind === 'answer') return reply;
      this.#answered ||= trouble === 'busy';
      const patience = this.#answered ? PATIENCE_WITH_ANSWERS : PATIENCE_WITH_SILENCE;
      const pause = trouble === 'foreign' ? undefined : backOff.next(Math.min(deadline, start + patience));
      if (pause === undefined) throw await this.#describe(trouble);
      report({ step: 'waiting', for: 'imds', milliseconds: pause });
      await surroundings.sleep(pause);
    }
  }

  /** Tells a machine outside Azure from a VM whose IMDS does not answer: by the hardware, else by how the silence sounds. */
  async #describe(trouble: Trouble | undefined): Promise<ClientError> {
    const absent = (trouble === 'refused' || trouble === 'foreign') && !this.#answered;
    const inAzure = (await this.#isAzureHardware()) ?? !absent;
    if (!inAzure) return new ClientError('not_in_azure');
    return new ClientError(trouble === 'foreign' ? 'imds_answer_unusable' : 'imds_not_answering');
  }

  async #isAzureHardware(): Promise<boolean | undefined> {
    if (this.#settings.baseUrl !== undefined) return undefined;
    const tag = await this.#settings.surroundings.chassisTag();
    return tag === undefined ? undefined : tag === AZURE_CHASSIS;
  }
}

/** 404 and 410 are how IMDS answers while it starts or is updated (article, "Error and debugging"). */
function troubleOf(reply: ImdsReply): Trouble | undefined {
  if (reply.kind !== 'answer') return reply.kind;
  const { status } = reply;
  if (status === 200 || status === 400) return undefined;
  return status === 404 || status === 410 || status === 429 || status >= 500 ? 'busy' : 'foreign';
}
