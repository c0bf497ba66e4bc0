import { beforeAll, expect, test } from 'vitest';
import type { Authority } from '../../src/emulator/authority/authority.ts';
import { loadPins } from '../../src/trust/azurePins.ts';
import { findPinnedCertificates } from '../../src/trust/pinnedCertificates.ts';
import { probePins } from '../../src/trust/probePins.ts';
import { AT, CLOUD, createPki, dersOf, manifestOf } from './pki.ts';

let pki: Authority;

beforeAll(async () => {
  pki = await createPki();
});

function probe(clouds: readonly string[], distrusted?: ReadonlySet<string>, at = AT) {
  const own = manifestOf(pki);
  const certificates = findPinnedCertificates([own], dersOf(pki.certificates));
  const material = { manifests: [own, ...loadPins()], certificates, ...(distrusted && { distrusted }) };
  return probePins(material, clouds, at);
}

test('a service that accepts a cloud without a complete path fails, closed or not', () => {
  expect(probe([CLOUD])).toEqual({ state: 'ok', detail: 'every accepted cloud has a complete path' });
  const { state, detail } = probe([CLOUD, 'AzureGermanCloud']);
  expect(state).toBe('failed');
  expect(detail).toContain('the cloud is closed, and no VM runs there. Remove AzureGermanCloud from ACCEPTED_CLOUDS');
});

test('certificates that are missing are to be synced', () => {
  const { state, detail } = probe([CLOUD, 'AzureChinaCloud']);
  expect(state).toBe('failed');
  expect(detail).toContain('AzureChinaCloud: no complete path today: run "countersign trust sync"');
});

test('a cloud whose issuing CA is distrusted does not need certificates, and that is said', () => {
  const { name, sha256 } = pki.intermediate.facts;
  const { state, detail } = probe([CLOUD], new Set([sha256]));
  expect(state).toBe('failed');
  expect(detail).toContain(`operators distrust ${name}: run "countersign trust undistrust"`);
  expect(detail).not.toContain('trust sync');
});

test('a cloud whose pinned CAs have expired needs other pins, and that is said', () => {
  const { state, detail } = probe([CLOUD], undefined, Date.UTC(2060, 0));
  expect(state).toBe('failed');
  expect(detail).toContain(
    'the pinned CAs have expired. Install a newer version of Countersign, or pin the CA of today',
  );
  expect(detail).not.toContain('trust sync');
});
