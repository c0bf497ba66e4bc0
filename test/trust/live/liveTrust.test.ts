import { expect, test } from 'vitest';
import { createAuthority } from '../../../src/emulator/authority/authority.ts';
import { MAX_ANSWER } from '../../../src/seats/lease.ts';
import { StoreUnavailableError } from '../../../src/contract/stored.ts';
import type { Recorded } from '../../../src/contract/stored.ts';
import type { TrustEntry } from '../../../src/trust/live/trustEntry.ts';
import { createLiveTrust } from '../../../src/trust/live/liveTrust.ts';
import { pinCertificate } from '../../../src/trust/pin.ts';
import { parseCertificate } from '../../../src/verifier/x509/certificate.ts';
import { runKeys } from '../../support/runKeys.ts';

const AT = Date.UTC(2026, 10, 23, 12);
const SECOND = 1000;
const own = await createAuthority({ at: AT, keys: runKeys('emulator') });
const other = await createAuthority({
  at: AT,
  names: { root: 'Other Root', intermediate: 'Other CA' },
  keys: runKeys('other'),
});

const certificates = [own.root, own.intermediate].map(({ der }) => parseCertificate(der));
const [root, intermediate] = certificates;
if (root === undefined || intermediate === undefined) throw new Error('An authority has both.');

const base = {
  manifests: [
    {
      ...{ cloud: 'emulator', domain: own.domain },
      pins: [pinCertificate(root, 'root'), pinCertificate(intermediate, 'intermediate')],
    },
  ],
  certificates: new Map(certificates.map((certificate) => [certificate.sha256, certificate])),
};

const CHANGE = { by: 'test', at: AT };
const distrust: Recorded<TrustEntry> = {
  value: { kind: 'distrust', sha256: intermediate.sha256, note: '' },
  ...{ version: '1', change: CHANGE },
};

const silent = () => undefined;

/** What the store would answer, and how often it was asked. */
function createRows() {
  const rows: Recorded<TrustEntry>[] = [];
  const state = { asked: 0, isDown: false };
  const listTrust = () => {
    state.asked += 1;
    return state.isDown ? Promise.reject(new StoreUnavailableError('down')) : Promise.resolve([...rows]);
  };
  return { rows, state, live: createLiveTrust({ base, store: { listTrust }, longestAnswer: MAX_ANSWER }) };
}

test('the store is asked at the first evidence, and then not at each', async () => {
  const { state, live } = createRows();
  expect(state.asked).toBe(0);
  const first = await live.read(AT, silent);
  expect(await live.read(AT + 19 * SECOND, silent)).toBe(first);
  expect(state.asked).toBe(1);
});

test('rows that did not change leave the trust object, and what it has verified, alone', async () => {
  const { rows, live } = createRows();
  rows.push(distrust);
  const first = await live.read(AT, silent);
  expect((await live.refresh(AT + SECOND)).trust).toBe(first);
  rows[0] = { ...distrust, version: '2' };
  expect((await live.refresh(AT + 2 * SECOND)).trust).not.toBe(first);
});

test('a distrust holds within a minute for whoever asks often, without a wait', async () => {
  const { rows, state, live } = createRows();
  const before = await live.read(AT, silent);
  rows.push(distrust);
  for (let second = 1; second <= 20; second += 1) await live.read(AT + second * SECOND, silent);
  const after = await live.read(AT + 21 * SECOND, silent);
  expect(after).not.toBe(before);
  expect(after.domains[0]?.certificates.isDistrusted(intermediate)).toBe(true);
  expect(state.asked).toBe(2);
});

test('after a quiet time the first one waits for what the store says', async () => {
  const { rows, live } = createRows();
  await live.read(AT, silent);
  rows.push(distrust);
  const after = await live.read(AT + 50 * SECOND, silent);
  expect(after.domains[0]?.certificates.isDistrusted(intermediate)).toBe(true);
});

test('a clock that was set back makes what is known old', async () => {
  const { rows, live } = createRows();
  await live.read(AT, silent);
  rows.push(distrust);
  const earlier = await live.read(AT - 3 * SECOND, silent);
  expect(earlier.domains[0]?.certificates.isDistrusted(intermediate)).toBe(true);
});

test('a request that a later one overtook does not ask again', async () => {
  const { state, live } = createRows();
  await live.read(AT, silent);
  state.isDown = true;
  await live.read(AT - SECOND, silent);
  expect(state.asked).toBe(1);
});

test('a store that is down for a while is a line of the log; for longer nothing is judged', async () => {
  const { state, live } = createRows();
  const lines: string[] = [];
  const before = await live.read(AT, silent);
  state.isDown = true;
  expect(await live.read(AT + 30 * SECOND, (_, event) => lines.push(event))).toBe(before);
  await Promise.resolve();
  await expect(live.read(AT + 50 * SECOND, silent)).rejects.toThrow(StoreUnavailableError);
  expect(lines).toEqual(['trust_not_refreshed']);
  state.isDown = false;
  expect(await live.read(AT + 51 * SECOND, silent)).toBe(before);
});

test('requests that come together ask the store once', async () => {
  const { state, live } = createRows();
  await Promise.all(Array.from({ length: 10 }, () => live.read(AT, silent)));
  expect(state.asked).toBe(1);
});

test('an operator’s pin makes its CA one of the cloud’s, and a row for an unknown cloud nothing', async () => {
  const { rows, live } = createRows();
  const certificate = parseCertificate(other.root.der);
  const pin = {
    kind: 'pin',
    cloud: 'emulator',
    sha256: certificate.sha256,
    role: 'root',
    der: other.root.der,
    note: '',
  } as const;
  rows.push({ value: pin, version: '1', change: CHANGE });
  rows.push({ value: { ...pin, cloud: 'AzureGermanCloud' }, version: '1', change: CHANGE });
  const { trust } = await live.refresh(AT);
  expect(trust.domains.map(({ name }) => name)).toEqual(['emulator']);
  expect(trust.domains[0]?.certificates.anchors.map(({ sha256 }) => sha256)).toEqual([root.sha256, certificate.sha256]);
});

test('a pin whose certificate is not the one of its digest is none', async () => {
  const { rows, live } = createRows();
  const value = {
    kind: 'pin',
    cloud: 'emulator',
    sha256: 'ab'.repeat(32),
    role: 'root',
    der: other.root.der,
    note: '',
  } as const;
  rows.push({ value, version: '1', change: CHANGE });
  const { trust } = await live.refresh(AT);
  expect(trust.domains[0]?.certificates.anchors.length).toBe(1);
});
