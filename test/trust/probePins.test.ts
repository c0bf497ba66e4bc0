import { beforeAll, expect, test } from 'vitest';
import type { Authority } from '../../src/emulator/authority.ts';
import { loadPins } from '../../src/trust/azurePins.ts';
import { findPinnedCertificates } from '../../src/trust/pinnedCertificates.ts';
import { probePins } from '../../src/trust/probePins.ts';
import { AT, CLOUD, createPki, dersOf, manifestOf } from './pki.ts';

let pki: Authority;

beforeAll(async () => {
  pki = await createPki();
});

function probe(clouds: readonly string[], distrusted?: ReadonlySet<string>) {
  const own = manifestOf(pki);
  const certificates = findPinnedCertificates([own], dersOf(pki.certificates));
  const material = { manifests: [own, ...loadPins()], certificates, ...(distrusted && { distrusted }) };
  return probePins(material, clouds, AT);
}

test('a service that accepts a cloud without a complete path fails, closed or not', () => {
  expect(probe([CLOUD])).toEqual({ state: 'ok', detail: 'every accepted cloud has a complete path' });
  expect(probe([CLOUD, 'AzureGermanCloud'])).toMatchObject({ state: 'failed' });
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
