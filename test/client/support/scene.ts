import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Adapters, ChassisTag, ImdsReply } from '../../../src/client/adapters.ts';
import { REAL_ADAPTERS } from '../../../src/client/adapters/real.ts';
import { createLicenceClient } from '../../../src/client/index.ts';
import type { Answer, ClientOptions, LicenceClient, Progress } from '../../../src/client/index.ts';
import { FakeTime } from './fakeTime.ts';
import { ImdsStub } from './imdsStub.ts';
import { LicenceService } from './licenceService.ts';
import { AZURE_TAG, PRODUCT, VM_ID } from './vectors.ts';

/** A VM with its folder, an IMDS and a licence service, all real but for the clocks; gone when the test has finished. */
export class Scene {
  readonly time: FakeTime;
  readonly imds: ImdsStub;
  readonly service: LicenceService;
  readonly folder: string;
  readonly events: Progress[] = [];
  chassis: ChassisTag = { readable: true, tag: AZURE_TAG };
  /** What requests to IMDS come to, instead of reaching it. */
  imdsIs: Exclude<ImdsReply['kind'], 'answer' | 'cut'> | 'there' = 'there';
  /** Milliseconds that IMDS takes for an answer. */
  imdsTakes = 0;
  /** Requests to the service below this path hang until they time out. */
  hangsBelow: string | undefined;
  /** The service cannot be reached at all. */
  serviceIsAway = false;
  /** The timeouts of the requests to IMDS. */
  readonly imdsTimeouts: number[] = [];

  constructor(time: FakeTime, imds: ImdsStub, service: LicenceService, folder: string) {
    this.time = time;
    this.imds = imds;
    this.service = service;
    this.folder = folder;
  }

  get adapters(): Adapters {
    const { time } = this;
    return {
      ...REAL_ADAPTERS,
      clocks: time.clocks,
      random: () => 0.5,
      chassisTag: () => Promise.resolve(this.chassis),
      fetch: (url, init) => this.#fetch(url, init),
      requestImds: (request) => this.#requestImds(request),
    };
  }

  get options(): ClientOptions {
    return {
      issuer: this.service.issuer,
      product: PRODUCT,
      folder: this.folder,
      imdsUrl: this.imds.url,
      trust: { rootKeys: this.service.roots.map(({ kid }) => kid) },
      adapters: this.adapters,
      progress: (event) => this.events.push(event),
    };
  }

  client(more: Partial<ClientOptions> = {}): LicenceClient {
    return createLicenceClient({ ...this.options, ...more });
  }

  /** A process that starts, checks and ends. */
  check(more: Partial<ClientOptions> = {}): Promise<Answer> {
    return this.client(more).check();
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  /** A file of the VM that the scene begins with. */
  ownFile(name: string): string {
    return this.file(join(VM_ID, name));
  }

  readOwn(name: string): Promise<string> {
    return readFile(this.ownFile(name), 'utf8');
  }

  async readLicenceFile(): Promise<Record<string, unknown>> {
    return JSON.parse(await this.readOwn('licence.json')) as Record<string, unknown>;
  }

  async changeLicenceFile(change: (file: Record<string, unknown>) => object): Promise<void> {
    await writeFile(this.ownFile('licence.json'), JSON.stringify(change(await this.readLicenceFile())));
  }

  steps(): string[] {
    return this.events.map(({ step }) => step);
  }

  /** Forgets what has been asked so far. */
  forget(): void {
    this.service.requests.length = 0;
    this.imds.requests.length = 0;
    this.events.length = 0;
    this.time.sleeps.length = 0;
  }

  async #fetch(...[url, init]: Parameters<Adapters['fetch']>): Promise<Response> {
    if (this.serviceIsAway) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
    if (this.hangsBelow !== undefined && new URL(url).pathname.startsWith(this.hangsBelow)) {
      this.time.passTimeout(init.signal);
      throw new DOMException('no answer', 'TimeoutError');
    }
    return fetch(url, init);
  }

  async #requestImds(request: Parameters<Adapters['requestImds']>[0]): Promise<ImdsReply> {
    this.imdsTimeouts.push(request.timeoutMs);
    const isSilent = this.imdsIs === 'silent' || this.imdsTakes > request.timeoutMs;
    this.time.pass(isSilent ? request.timeoutMs : this.imdsTakes);
    if (isSilent) return { kind: 'silent' };
    if (this.imdsIs !== 'there') return { kind: this.imdsIs };
    return REAL_ADAPTERS.requestImds({ ...request, timeoutMs: 10_000 });
  }
}

export async function createFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'countersign-client-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

export async function createScene(): Promise<Scene> {
  const time = new FakeTime();
  const [imds, service, folder] = await Promise.all([
    ImdsStub.start(),
    LicenceService.start(() => time.now),
    createFolder(),
  ]);
  onTestFinished(async () => {
    await Promise.all([imds.close(), service.close()]);
  });
  return new Scene(time, imds, service, folder);
}
