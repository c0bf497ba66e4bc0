import { randomUUID } from 'node:crypto';

import { expect, test } from 'vitest';

import { chainAll, digestPart, writeLine } from '../../../src/backup/parts.ts';
import { RECORD_KINDS } from '../../../src/backup/records.ts';
import type { BackupLine } from '../../../src/backup/records.ts';
import type { ReadPlace, StagedBackup } from '../../../src/backup/store.ts';
import { applyNext } from '../../../src/operators/backup/applyRestore.ts';
import type { ApplyNeeds } from '../../../src/operators/backup/applyRestore.ts';
import { keepPart } from '../../../src/operators/backup/stagedParts.ts';
import { writeLicence } from '../../../src/contract/operators/licence.ts';
import { writeOffer } from '../../../src/contract/operators/offer.ts';
import { createTablesStore } from '../../../src/tables/createTablesStore.ts';
import type { LicenceStore } from '../../../src/tables/licenceStore.ts';
import { createLocalSigner } from '../../../src/tokens/localSigner.ts';
import { signKeySet } from '../../../src/tokens/signedKeySet.ts';
import { createTestTables } from '../../support/azurite.ts';
import { Died, dying } from '../../support/dyingStore.ts';
import { createKeyPair, pkcs8 } from '../../tokens/forge.ts';
import { AT, licence, offer, SUBSCRIPTION, vmId } from '../../support/licensing.ts';

/** A process that dies at any write of a restore: whoever goes on comes to the same end. */

const change = { by: 'operator', at: AT - 1_000, id: 'x' };
const of = { cloud: 'AzurePublicCloud', subscriptionId: SUBSCRIPTION };
const plan = 'Contoso/Firewall/Pro';

const ISSUER = 'https://licences.vendor.example';
const ROOT = createLocalSigner(pkcs8(createKeyPair().privateKey), 'root key');
const KEY_SET = { issuer: ISSUER, keys: [createKeyPair().jwk], life: 1, iat: 1, seconds: 10 };

/** One object of every kind, in two parts. */
const PARTS: readonly (readonly BackupLine[])[] = [
  [
    { kind: 'distrust', sha256: 'ab'.repeat(32), note: '', change },
    {
      ...{ kind: 'vm', pool: 'licence:fabrikam-2026', vmId: vmId(1), ...of, licenceId: 'fabrikam-2026', offer: plan },
      ...{
        sku: 'Gen2',
        blocked: true,
        jkt: 'A'.repeat(43),
        keyUntil: AT,
        keyChanges: [{ from: null, at: 1, until: AT }],
      },
    },
    { kind: 'keyset', root: ROOT.kid, token: await signKeySet(KEY_SET, ROOT), since: {}, change },
    { kind: 'offer', offer: writeOffer(offer()), change },
  ],
  [
    { kind: 'trial', ...of, plan, startedAt: 1, endsAt: AT, seats: 5 },
    { kind: 'licence', licence: writeLicence(licence()), claim: 'c', change },
    { kind: 'holding', ...of, plan, licences: ['fabrikam-2026'], since: 1, claim: 'c', former: [] },
    {
      ...{ kind: 'claim', id: 'd'.repeat(32), licenceId: 'fabrikam-2026', uses: 2, until: null, note: '' },
      ...{ used: [{ ...of, at: 1, done: true }], createdBy: 'operator', createdAt: 1 },
    },
    {
      ...{ kind: 'hours', pool: 'licence:fabrikam-2026', day: 20_000, ...of, licenceId: 'fabrikam-2026', offer: plan },
      counts: Array.from({ length: 24 }, (_, hour) => hour),
    },
    {
      ...{
        kind: 'change',
        id: '01931234-0000-7000-8000-000000000000',
        request: 'x',
        at: 1,
        by: 'operator',
        byName: null,
      },
      ...{ operation: 'putLicence', about: 'licence', key: 'fabrikam-2026', old: null, new: {}, partial: false },
      ...{ reason: null, state: 'done', version: null, of: null },
    },
  ],
];

const TEXTS = PARTS.map((part) => part.map(writeLine).join(''));

async function createStore(): Promise<{ readonly store: LicenceStore; readonly staged: StagedBackup }> {
  const { connectionString, tablePrefix } = createTestTables();
  const store = createTablesStore({ connection: { connectionString }, tablePrefix });
  await store.ensureTables();
  const digests = TEXTS.map(digestPart);
  const staged: StagedBackup = {
    ...{ name: chainAll(digests), backup: randomUUID(), asOf: AT - 1, digests, signedBy: 'k', root: null, pins: null },
    ...{ begunAt: AT, run: randomUUID(), isMarked: false, applied: 0 },
  };
  await store.writeStaged(staged, null);
  for (const [index, text] of TEXTS.entries()) await keepPart(store, staged, { index, text, at: AT });
  return { store, staged };
}

/** Applies until everything is restored. */
async function applyAll(store: ApplyNeeds['store'], { name }: StagedBackup): Promise<void> {
  const needs = {
    issuer: ISSUER,
    store,
    trust: { refresh: () => Promise.resolve(undefined as never) },
    licenceLife: 1,
  };
  const record = () => Promise.resolve({ drop: () => Promise.resolve(), leave: () => undefined });
  for (;;) {
    const row = await store.readStaged(name);
    if (row === null) throw new Error('The restore is there.');
    const { mark } = await applyNext(needs, row, { change: { by: 'operator', at: AT }, record, reason: null });
    if (mark !== null && mark.finishedAt !== null) return;
  }
}

async function readAll(store: LicenceStore): Promise<readonly BackupLine[]> {
  const found: BackupLine[] = [];
  for (const kind of RECORD_KINDS) {
    if (kind === 'key') continue;
    for (let after: ReadPlace | 'end' = null; after !== 'end';) {
      const { lines, next } = await store.readKept(kind, after);
      found.push(...lines.map(({ line }) => line));
      after = next;
    }
  }
  return found;
}

test('what is restored is what was kept, and a restore that dies at any call of the store comes to the same end', async () => {
  const whole = await createStore();
  await applyAll(whole.store, whole.staged);
  expect(await readAll(whole.store)).toEqual(PARTS.flat());
  let deaths = 0;
  for (let after = 1; ; after += 1) {
    const { store, staged } = await createStore();
    const died = await applyAll(dying(store, after), staged).then(
      () => false,
      (error: unknown) => {
        if (error instanceof Died) return true;
        throw error;
      },
    );
    if (died) await applyAll(store, staged);
    expect(await readAll(store), `after ${after} calls`).toEqual(PARTS.flat());
    if (!died) break;
    deaths += 1;
  }
  expect(deaths).toBeGreaterThan(10);
});
