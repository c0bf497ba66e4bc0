import { generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KeyPairKeyObjectResult } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { SignJWT } from 'jose';
import { afterAll, beforeAll } from 'vitest';
import { createAuthority } from '../../src/emulator/authority/authority.ts';
import { createDocumentMaker } from '../../src/emulator/endpoints/attestedDocuments.ts';
import type { FaultName } from '../../src/emulator/faults/faults.ts';
import { applyCatalogue } from '../support/applyCatalogue.ts';
import { parseCatalogue } from '../../src/catalogue/file/parseCatalogue.ts';
import type { LicenceStore } from '../../src/tables/licenceStore.ts';
import { createTablesStore } from '../../src/tables/createTablesStore.ts';
import { readConfig } from '../../src/app/config.ts';
import type { VmEndpoint } from '../../src/contract/endpoints.ts';
import type { Reply, UseCase } from '../../src/http/edge.ts';
import { createService } from '../../src/app/service.ts';
import type { TestTables } from '../support/azurite.ts';
import { bodyOf, createRequest } from './edgeRequest.ts';
import type { LogLine } from './edgeRequest.ts';
import { GOOD_SETTINGS, STORE_THAT_IS_DOWN } from './settings.ts';
import { runKeys } from '../support/runKeys.ts';

export const AT = Date.UTC(2026, 10, 23, 12);
export const ISSUER = 'http://127.0.0.1:7071';
const VM = {
  vmId: '11111111-0000-4000-8000-000000000001',
  subscriptionId: 'aaaaaaaa-0000-4000-8000-000000000001',
  sku: 'standard-2',
  licenseType: '',
  plan: { publisher: 'contoso', product: 'gateway', name: 'standard' },
};
const CATALOGUE = {
  offers: [{ offer: 'contoso/gateway/standard', mode: 'marketplace', clouds: ['emulator'] }],
};

export const createKeyPair = () => generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** What serves each route, by its name. */
export type UseCases = Readonly<Record<VmEndpoint, UseCase>>;

/** One instance of the service in this process, with a clock that the test moves. */
export interface Instance {
  readonly service: UseCases;
  readonly clock: { at: number };
  readonly log: LogLine[];
  /** SHA-256 of the one CA that issues leaves for the emulator's cloud, lower-case hex. */
  readonly issuerSha256: string;
  /** A whole first boot with a key of its own; `sent` is everything secret that went over the wire. */
  readonly boot: (options?: BootOptions) => Promise<{ readonly reply: Reply; readonly sent: readonly string[] }>;
}

export interface BootOptions {
  readonly faults?: readonly FaultName[];
  readonly headers?: Readonly<Record<string, string>>;
  /** Of an earlier boot, for a renewal; a new one unless given. */
  readonly key?: KeyPairKeyObjectResult;
  /** Asks this instance for the challenge. */
  readonly from?: UseCases;
}

/** What the instances of a test file share: the emulator's authority. Call it at the file's top. */
export function useInstances() {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-service-'));
  const authorityFile = join(folder, 'authority.pem');
  let sign: ReturnType<typeof createDocumentMaker> | undefined;
  let issuerSha256 = '';
  beforeAll(async () => {
    const authority = await createAuthority({ at: AT, keys: runKeys('emulator') });
    writeFileSync(authorityFile, authority.pem);
    sign = createDocumentMaker(authority);
    issuerSha256 = authority.intermediate.facts.sha256;
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  return async (settings: Readonly<Record<string, string>> = {}): Promise<Instance> => {
    if (sign === undefined) throw new Error('The authority is there only while tests run.');
    const emulator = { ISSUER, ACCEPTED_CLOUDS: 'emulator', EMULATOR_TRUST_FILE: authorityFile };
    const clock = { at: AT };
    const log: LogLine[] = [];
    const config = readConfig({ ...GOOD_SETTINGS, ...emulator, ...settings });
    const { routes } = await createService(config, { now: () => clock.at });
    const service = Object.fromEntries(routes.map(({ name, useCase }) => [name, useCase])) as UseCases;
    const instance = { service, clock, log, issuerSha256 };
    return { ...instance, boot: createBoot({ ...instance, sign }) };
  };
}

interface Bootable extends Omit<Instance, 'boot'> {
  readonly sign: ReturnType<typeof createDocumentMaker>;
}

function createBoot({ service, clock, log, sign }: Bootable): Instance['boot'] {
  return async ({ faults = [], headers = {}, key = createKeyPair(), from = service } = {}) => {
    const { publicKey, privateKey } = key;
    const jwk = publicKey.export({ format: 'jwk' });
    const asked = bodyOf(await from.issueChallenge(createRequest({ body: { key: jwk }, headers, log })));
    const [challenge, nonce] = [String(asked['challenge']), String(asked['nonce'])];
    const claims = JSON.parse(Buffer.from(challenge.split('.')[1] ?? '', 'base64url').toString()) as { jti: string };
    const proof = await new SignJWT({ aud: `${ISSUER}/v1/licences`, nonce: claims.jti })
      .setProtectedHeader({ alg: 'ES256', typ: 'proof+jwt', jwk })
      .sign(privateKey);
    const of = { vm: VM, apiVersion: '2021-02-01', region: 'westeurope', createdOn: clock.at, nonce } as const;
    const signature = Buffer.from(await sign({ ...of, faults })).toString('base64');
    const body = { challenge, document: { encoding: 'pkcs7', signature }, proof };
    const reply = await service.issueLicence(createRequest({ path: '/v1/licences', body, headers, log }));
    const licence = reply.status === 200 ? String(bodyOf(reply)['licence']) : challenge;
    return { reply, sent: [challenge, nonce, proof, signature, licence, String(jwk.x)] };
  };
}

export const settingsOf = ({ connectionString, tablePrefix }: TestTables) => ({
  TABLES_CONNECTION_STRING: connectionString,
  TABLE_PREFIX: tablePrefix,
});

/** Tables with an offer in them. */
export async function fillStore({ connectionString, tablePrefix }: TestTables): Promise<LicenceStore> {
  const store = createTablesStore({ connection: { connectionString }, tablePrefix });
  await store.ensureTables();
  await applyCatalogue(store, parseCatalogue(CATALOGUE), { change: { by: 'test', at: AT } });
  return store;
}

export const STORE_DOWN = { TABLES_CONNECTION_STRING: STORE_THAT_IS_DOWN };

export const newSecret = (kid: string) => `${kid}:${randomBytes(32).toString('base64url')}`;
