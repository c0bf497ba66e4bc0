import { expect, test, vi } from 'vitest';
import type { Adapters } from '../../src/client/index.ts';
import type * as AzurePins from '../../src/trust/azurePins.ts';
import { askChallenge, createKey, post, prove } from '../endToEnd/protocolClient.ts';
import { createClientFleet, fleetOf, statesOf } from '../support/clientFleet.ts';
import { openCommandLine } from '../support/operatorTerminal.ts';
import { useScenes } from '../support/serviceScene.ts';
import type { Scene } from '../support/serviceScene.ts';
import { hasShared, readSharedText, sharedPath } from '../support/shared.ts';

/**
 * The change of Azure's CAs between 2025 and 2026, with genuine documents: from the pins of the day before to a document
 * of the new hierarchy. Nonces of genuine documents are others' nonces, so what is accepted ends in `nonce_mismatch`:
 * signer, path, signature and time were right.
 */

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const CLOUD = 'AzurePublicCloud';
const BEFORE = { file: '17-public-2025-11-eastus.b64', at: Date.parse('2025-11-19T12:54:30Z') };
const AFTER = { file: '19-public-2026-06-eastus-g2.b64', at: Date.parse('2026-06-25T18:57:45Z') };
const NEW_HIERARCHY = /^Microsoft TLS (?:RSA Root G2$|G2 RSA CA )/;

vi.mock('../../src/trust/azurePins.ts', async (importOriginal) => {
  const { loadPins } = await importOriginal<typeof AzurePins>();
  const isOfDayBefore = ({ name }: { readonly name: string }) => !NEW_HIERARCHY.test(name);
  return {
    loadPins: () => loadPins().map((manifest) => ({ ...manifest, pins: manifest.pins.filter(isOfDayBefore) })),
  };
});

let time = BEFORE.at;
let ticks = 0;
const createScene = useScenes(
  () => time,
  () => (ticks += 1),
);

const readGenuine = (file: string) => ({
  encoding: 'pkcs7',
  signature: readSharedText('attested-documents', file).trim(),
});

async function present({ urls }: Scene, file: string, instance = 0): Promise<unknown> {
  const [issuer] = urls;
  const [baseUrl, key] = [urls[instance] ?? issuer, createKey()];
  const challenge = await askChallenge(baseUrl, key);
  const proof = await prove(challenge, key, `${issuer}/v1/licences`);
  const document = readGenuine(file);
  const { body } = await post(`${baseUrl}/v1/licences`, { challenge: challenge.challenge, document, proof });
  return body['code'];
}

/** The VM's signer has changed: the client's document is replaced by a genuine one on its way to the service. */
const sendGenuine =
  (file: string): Adapters['fetch'] =>
  (url, init) => {
    if (!url.endsWith('/v1/licences')) return fetch(url, init);
    const body = JSON.parse(String(init.body)) as object;
    return fetch(url, { ...init, body: JSON.stringify({ ...body, document: readGenuine(file) }) });
  };

const certificate = (name: string) => sharedPath('pki', 'certificates', `${name}.pem`);

const SHAPES: Readonly<Record<string, readonly (readonly string[])[]>> = {
  'its root as an older one certified it': [
    [certificate('intermediate-microsoft-tls-rsa-root-g2--digicert-global-root-g2')],
    [certificate('intermediate-microsoft-tls-g2-rsa-ca-ocsp-02--microsoft-tls-rsa-root-g2')],
  ],
  'its root as a new anchor': [
    [certificate('root-microsoft-tls-rsa-root-g2'), '--new-anchor'],
    [certificate('intermediate-microsoft-tls-g2-rsa-ca-ocsp-02--microsoft-tls-rsa-root-g2')],
  ],
};

test.skipIf(!hasShared).each(Object.entries(SHAPES))('2025 to 2026, with %s', async (_, pinned) => {
  time = BEFORE.at;
  const scene = await createScene({
    settings: { ACCEPTED_CLOUDS: `${CLOUD},emulator`, TRUST_DIRECTORY: sharedPath('pki', 'certificates') },
    instances: [{}, {}],
  });
  expect(await present(scene, BEFORE.file)).toBe('nonce_mismatch');
  time = AFTER.at - 20 * HOUR;
  const check = createClientFleet({ issuer: scene.urls[0], imdsUrl: scene.imdsUrl, now: scene.now, vms: fleetOf(2) });
  expect(statesOf(await check())).toEqual(['licensed undefined']);
  time = AFTER.at;
  const moved = { fetch: sendGenuine(AFTER.file), renew: true };
  expect(scene.log().filter((line) => line.includes('issuer_unknown'))).toEqual([]);
  expect(await present(scene, AFTER.file)).toBe('issuer_unknown');
  const [alarm, ...others] = scene.log().filter((line) => line.includes('issuer_unknown'));
  expect(others).toEqual([]);
  expect(JSON.parse(alarm ?? '')).toMatchObject({
    ...{ level: 'error', event: 'evidence_refused' },
    facts: { cloud: CLOUD, issuer: expect.stringMatching(/^Microsoft TLS G2 RSA CA OCSP \d\d$/) as string },
  });
  expect(statesOf(await check(moved))).toEqual(['licensed issuer_unknown']);
  const { run } = openCommandLine(scene);
  for (const [file = '', ...more] of pinned) {
    const added = await run('trust', 'add', file, '--cloud', CLOUD, '--note', 'digest compared', ...more);
    expect(added).toMatchObject({ code: 0, stderr: '' });
  }
  time += 60 * SECOND;
  expect([await present(scene, AFTER.file, 0), await present(scene, AFTER.file, 1)]).toEqual([
    'nonce_mismatch',
    'nonce_mismatch',
  ]);
  expect(statesOf(await check({ renew: true }))).toEqual(['licensed undefined']);
});
