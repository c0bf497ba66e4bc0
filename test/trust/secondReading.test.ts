import { expect, test } from 'vitest';
import { readCertificateDirectory } from '../../src/trust/certificateFiles.ts';
import { readNodeRoots } from '../../src/trust/nodeRoots.ts';
import { findDifference, findReadingFault } from '../../src/trust/secondReading.ts';
import { hasShared, sharedPath } from '../support/shared.ts';
import { createPki } from './pki.ts';

test('two readers agree on every root that Node.js brings along', () => {
  const roots = readNodeRoots();
  expect(roots.length).toBeGreaterThan(100);
  expect(roots.map(findReadingFault).filter((fault) => fault !== null)).toEqual([]);
});

test.skipIf(!hasShared)('two readers agree on every CA certificate of the reference data', async () => {
  const certificates = await readCertificateDirectory(sharedPath('pki', 'certificates'));
  expect(certificates.length).toBe(86);
  expect(certificates.map(findReadingFault).filter((fault) => fault !== null)).toEqual([]);
});

test('what one of them does not take is refused', async () => {
  const { der } = (await createPki()).root;
  expect(findReadingFault(der)).toBeNull();
  expect(findReadingFault(Buffer.from('hello'))).toContain('our own reader');
  expect(findReadingFault(Buffer.concat([der, Uint8Array.of(0)]))).toContain('our own reader');
});

test('what the other one does not take is refused too', async () => {
  const { der } = (await createPki()).root;
  const algorithm = Buffer.from(der).indexOf('2a864886f70d0101', 'hex') - 2;
  const spoilt = Uint8Array.from(der);
  expect(spoilt[algorithm]).toBe(0x06);
  spoilt[algorithm] = 0x0c;
  expect(findReadingFault(spoilt)).toContain('@peculiar/x509 does not take it');
});

const FACTS = { octets: '30', issuer: '30', subject: '30', serial: '1', notBefore: 0, notAfter: 1000, key: '30' };

test('every fact on which they differ is told', () => {
  expect(findDifference(FACTS, { ...FACTS })).toBeNull();
  for (const fact of Object.keys(FACTS)) {
    expect(findDifference(FACTS, { ...FACTS, [fact]: 'ff' })).toBe(`two readers find different values of its ${fact}`);
  }
});
