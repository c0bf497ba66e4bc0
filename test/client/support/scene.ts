import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { checkLicence } from '../../../src/client/checkLicence.ts';
import type { LicenceCheck } from '../../../src/client/outcome.ts';
import type { Progress } from '../../../src/client/progress.ts';
import type { CheckOptions } from '../../../src/client/settings.ts';
import { FakeTime } from './fakeTime.ts';
import { ImdsStub } from './imdsStub.ts';
import { LicenceService } from './licenceService.ts';
import { PRODUCT } from './vectors.ts';

/** A VM with its folder, an IMDS and a licence service, all real but for the clock; gone when the test has finished. */
export class Scene {
  readonly time: FakeTime;
  readonly imds: ImdsStub;
  readonly service: LicenceService;
  readonly folder: string;
  readonly events: Progress[] = [];

  constructor(time: FakeTime, imds: ImdsStub, service: LicenceService, folder: string) {
    this.time = time;
    this.imds = imds;
    this.service = service;
    this.folder = folder;
  }

  get options(): CheckOptions {
    return {
      issuer: this.service.issuer,
      product: PRODUCT,
      folder: this.folder,
      imdsUrl: this.imds.url,
      surroundings: this.time.surroundings,
      progress: (event) => this.events.push(event),
    };
  }

  check(more: Partial<CheckOptions> = {}): Promise<LicenceCheck> {
    return checkLicence({ ...this.options, ...more });
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  readFile(name: string): Promise<string> {
    return readFile(this.file(name), 'utf8');
  }

  steps(): string[] {
    return this.events.map(({ step }) => step);
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
