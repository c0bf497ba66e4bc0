import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { describeLocations } from '../../src/dev/describeLocations.ts';
import type { Authority } from '../../src/emulator/authority/authority.ts';
import { loadPins } from '../../src/trust/azurePins.ts';
import { checkLocations } from '../../src/trust/checkLocations.ts';
import type { PinManifest, PublishedPin } from '../../src/trust/pin.ts';
import { AT, createPki, publishedManifestOf } from './pki.ts';

/** The weekly look at where certificates are published, against a server on this machine. */

let pki: Authority;

beforeAll(async () => {
  pki = await createPki();
});

/** Answers each path with these octets, or with a status. */
async function publish(answers: Readonly<Record<string, Uint8Array | number>>) {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const answer = answers[request.url ?? ''] ?? 404;
    requests.push(request.url ?? '');
    if (typeof answer === 'number') response.writeHead(answer).end();
    else response.end(answer);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

/** Pins of the root and of the issuing CA, each at two addresses. */
function manifestAt(base: string): PinManifest<PublishedPin> {
  const { root, intermediate } = pki;
  const manifest = publishedManifestOf(pki, ({ role }) => [`${base}/${role}.crt`, `${base}/${role}.cer`]);
  const shown = [root.facts.sha256, intermediate.facts.sha256];
  return { ...manifest, pins: manifest.pins.filter(({ sha256 }) => shown.includes(sha256)) };
}

test('every location is asked, not only the first that answers', async () => {
  const { root, intermediate } = pki;
  const { base, requests } = await publish({
    ...{ '/root.crt': root.der, '/root.cer': Buffer.from(root.pem) },
    ...{ '/intermediate.crt': intermediate.der, '/intermediate.cer': intermediate.der },
  });
  const report = await checkLocations({ manifests: [manifestAt(base)], at: AT });
  expect(report.ok).toBe(true);
  expect(requests.toSorted()).toEqual(['/intermediate.cer', '/intermediate.crt', '/root.cer', '/root.crt']);
  expect(describeLocations(report)).toBe('4 of 4 locations have the certificate of their pin.\n');
});

test('a location that has another certificate, or none, fails and is named with its answer', async () => {
  const { root, intermediate, secondRoot } = pki;
  const { base } = await publish({
    ...{ '/root.crt': root.der, '/root.cer': secondRoot.der },
    ...{ '/intermediate.crt': intermediate.der, '/intermediate.cer': 503 },
  });
  const report = await checkLocations({ manifests: [manifestAt(base)], at: AT });
  expect(report.ok).toBe(false);
  const lines = describeLocations(report).split('\n');
  expect(lines).toEqual([
    `FAILED   ${root.facts.name} (SHA-256 ${root.facts.sha256})`,
    `         ${base}/root.cer has another certificate`,
    `FAILED   ${intermediate.facts.name} (SHA-256 ${intermediate.facts.sha256})`,
    `         ${base}/intermediate.cer answered 503`,
    '2 of 4 locations have the certificate of their pin.',
    expect.stringContaining('change publishedAt in src/trust/pins.') as string,
    '',
  ]);
});

test('a historic pin that is published no longer is told, and fails nothing', async () => {
  const { intermediate } = pki;
  const { base } = await publish({ '/intermediate.crt': intermediate.der, '/intermediate.cer': intermediate.der });
  const manifest = manifestAt(base);
  const pins = manifest.pins.map((pin) => (pin.role === 'root' ? { ...pin, historic: true } : pin));
  const report = await checkLocations({ manifests: [{ ...manifest, pins }], at: AT });
  expect(report.ok).toBe(true);
  expect(describeLocations(report)).toContain(`${base}/root.crt answered 404\n`);
  expect(describeLocations(report)).toMatch(/^historic /);
});

test('every current pin of Azure says where it is published, in a way that can be asked', () => {
  const current = loadPins().flatMap(({ pins }) => pins.filter(({ historic }) => !historic));
  expect(current.length).toBeGreaterThan(10);
  expect(current.filter(({ publishedAt, note }) => publishedAt.length === 0 && note === undefined)).toEqual([]);
});
