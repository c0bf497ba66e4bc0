import { EventEmitter, once } from 'node:events';
import { beforeAll, expect, test } from 'vitest';
import { AZURE_CLOUDS, EMULATOR_CLOUD } from '../../../src/contract/clouds.ts';
import type { AttestedDocumentResponse } from '../../../src/contract/wire.ts';
import { FAULT_NAMES, FAULTS, isFaultName, type FaultName } from '../../../src/emulator/faults/faults.ts';
import { createEmulator, type RunningEmulator } from '../../../src/emulator/server/emulator.ts';
import { BUILT_IN_VMS } from '../../../src/emulator/vms/builtInVms.ts';
import { createAdHocTrust } from '../../../src/trust/adHocTrust.ts';
import { parseSignedDocument } from '../../../src/verifier/cms/signedData.ts';
import { verifyEvidence } from '../../../src/verifier/verifyEvidence.ts';
import { Trust } from '../../../src/verifier/x509/trust.ts';
import { AT, get, getJson, sharedAuthority, withEmulator } from '../running.ts';
import { TestClock } from '../../support/testClock.ts';

const NONCE = 'abcdefghijklmnopqrstuvwxyz234567';
const DOCUMENT = `/metadata/attested/document?api-version=2025-04-07&nonce=${NONCE}`;
/** What the service asks of evidence. */
const POLICY = {
  acceptedClouds: [EMULATOR_CLOUD.name],
  requiredClaims: ['vmId', 'subscriptionId', 'sku', 'plan', 'nonce', 'timeStamp'],
  maximumAge: 5 * 60 * 1000,
  clockSkew: 2 * 60 * 1000,
} as const;

let trust: Trust;

beforeAll(async () => {
  const [emulator] = createAdHocTrust((await sharedAuthority()).pem, EMULATOR_CLOUD.domain).domains;
  if (!emulator) throw new Error('no domain');
  // A cloud that is known, but not accepted.
  const china = { ...emulator, name: 'AzureChinaCloud', domain: AZURE_CLOUDS.AzureChinaCloud };
  trust = new Trust([{ ...emulator, name: EMULATOR_CLOUD.name }, china], 'test');
});

async function verdict(emulator: RunningEmulator, path = DOCUMENT) {
  const { encoding, signature } = (await getJson(emulator, path)) as AttestedDocumentResponse;
  expect(encoding).toBe('pkcs7');
  return verifyEvidence(signature, { trust, policy: POLICY, nonce: NONCE, at: AT });
}

test('without a fault the verifier accepts the document and finds the VM in it', async () => {
  await withEmulator({}, async (emulator) => {
    const verification = await verdict(emulator);
    const { vmId, subscriptionId, sku, licenseType, plan } = BUILT_IN_VMS[0].compute;
    const times = { createdOn: AT, expiresOn: AT + 6 * 60 * 60 * 1000 };
    expect(verification).toMatchObject({
      accepted: true,
      result: { cloud: 'emulator', region: 'westus', vmId, subscriptionId, sku, licenseType, plan, ...times },
    });
  });
});

/** What is wrong with these is for the operators to say. */
const AUTHENTIC: readonly FaultName[] = ['empty-plan', 'foreign-plan'];

test.each(FAULT_NAMES.filter((name) => FAULTS[name].leadsTo !== null && !AUTHENTIC.includes(name)))(
  'the fault %s leads to the code that it names',
  async (fault) => {
    await withEmulator({ faults: [fault] }, async (emulator) => {
      expect(await verdict(emulator)).toMatchObject({ accepted: false, code: FAULTS[fault].leadsTo });
    });
  },
);

test('a document with the standard digest algorithm is accepted', async () => {
  await withEmulator({ faults: ['standard-digest-oid'] }, async (emulator) => {
    expect(await verdict(emulator)).toMatchObject({ accepted: true });
  });
});

test('an empty plan is authentic, and empty', async () => {
  await withEmulator({ faults: ['empty-plan'] }, async (emulator) => {
    const plan = { publisher: '', product: '', name: '' };
    expect(await verdict(emulator)).toMatchObject({ accepted: true, result: { plan } });
  });
});

test('a foreign plan is authentic, and another publisher’s', async () => {
  await withEmulator({ faults: ['foreign-plan'] }, async (emulator) => {
    const plan = { publisher: 'fabrikam', product: 'hardened-linux', name: 'server-2404' };
    expect(await verdict(emulator)).toMatchObject({ accepted: true, result: { plan, sku: 'server-2404' } });
  });
});

test('an old nonce is answered once: the same request gets its own the second time', async () => {
  await withEmulator({ faults: ['old-nonce'] }, async (emulator) => {
    expect(await verdict(emulator)).toMatchObject({ accepted: false, code: 'nonce_mismatch' });
    expect(await verdict(emulator)).toMatchObject({ accepted: true });
    expect(await verdict(emulator, `/vms/negasonic${DOCUMENT}`)).toMatchObject({ code: 'nonce_mismatch' });
  });
});

test('a VM can have faults of its own', async () => {
  const [first, second] = BUILT_IN_VMS;
  if (!second) throw new Error('a second VM expected');
  await withEmulator({ vms: [first, { ...second, faults: ['expired'] }] }, async (emulator) => {
    expect(await verdict(emulator)).toMatchObject({ accepted: true });
    expect(await verdict(emulator, `/vms/negasonic${DOCUMENT}`)).toMatchObject({ code: 'document_expired' });
  });
});

test.each<[FaultName, number]>([
  ['forbidden', 403],
  ['not-found', 404],
  ['gone', 410],
  ['too-many', 429],
  ['error', 500],
])('the fault %s answers %i', async (fault, status) => {
  await withEmulator({ faults: [fault] }, async (emulator) => {
    const answer = await get(emulator, DOCUMENT);
    expect([answer.status, answer.type]).toEqual([status, 'application/json; charset=utf-8']);
  });
});

test.each<[FaultName, string]>([
  ['refused', 'ECONNRESET'],
  ['cut', 'UND_ERR_SOCKET'],
])('the fault %s ends the connection (%s)', async (fault, code) => {
  await withEmulator({ faults: [fault] }, async (emulator) => {
    const failed = await get(emulator, DOCUMENT).catch((error: unknown) => error);
    expect(failed).toMatchObject({ cause: { code } });
  });
});

test('the fault silent never answers, and closing the emulator ends it', async () => {
  const seen = new EventEmitter();
  const logged = once(seen, 'request');
  const options = { authority: await sharedAuthority(), faults: ['silent' as const], log: () => seen.emit('request') };
  const emulator = await createEmulator(options).listen(0);
  let isAnswered = false;
  const failed = get(emulator, DOCUMENT)
    .catch((error: unknown) => error)
    .finally(() => (isAnswered = true));
  await logged;
  expect(isAnswered).toBe(false);
  await emulator.close();
  expect(await failed).toBeInstanceOf(TypeError);
});

test('what was gone comes back', async () => {
  const timer = new TestClock();
  await withEmulator({ faults: ['gone'], goneFor: 1_000, timer }, async (emulator) => {
    expect((await get(emulator, DOCUMENT)).status).toBe(410);
    timer.pass(999);
    expect((await get(emulator, DOCUMENT)).status).toBe(410);
    timer.pass(1);
    expect((await get(emulator, DOCUMENT)).status).toBe(200);
  });
});

test('what is slow answers after its time', async () => {
  const sleeps = new EventEmitter();
  // Each wait ends when the test says so.
  const sleep = async (milliseconds: number) => {
    sleeps.emit('begin', milliseconds);
    await once(sleeps, 'end');
  };
  await withEmulator({ faults: ['slow'], slowFor: 50, timer: { now: () => 0, sleep } }, async (emulator) => {
    let begun = once(sleeps, 'begin');
    let isAnswered = false;
    const answer = get(emulator, DOCUMENT).finally(() => (isAnswered = true));
    expect(await begun).toEqual([50]);
    expect(isAnswered).toBe(false);
    sleeps.emit('end');
    expect((await answer).status).toBe(200);
    begun = once(sleeps, 'begin');
    const leaving = new AbortController();
    const left = get(emulator, DOCUMENT, { headers: { Metadata: 'true' }, signal: leaving.signal });
    await begun;
    leaving.abort();
    await expect(left).rejects.toThrow();
  });
});

test('faults are known by their names', () => {
  expect(isFaultName('wrong-signer')).toBe(true);
  expect(isFaultName('toString')).toBe(false);
});

test('a fleet’s documents name their own VMs under one certificate', async () => {
  await withEmulator({}, async (emulator) => {
    const results = await Promise.all([1, 2, 3].map((n) => verdict(emulator, `/vms/fleet-${n}${DOCUMENT}`)));
    const vmIds = results.map((each) => (each.accepted ? each.result.vmId : each.code));
    expect(new Set(vmIds).size).toBe(3);
    const signers = results.map(({ checks }) => checks.find(({ name }) => name === 'signer')?.detail);
    expect(new Set(signers).size).toBe(1);
  });
});

test('the emulator keeps signing while its clock goes on for years', async () => {
  const month = 30 * 24 * 60 * 60 * 1000;
  let at = AT;
  await withEmulator({ clock: () => at }, async (emulator) => {
    for (const months of [0, 1, 13, 48, -3]) {
      at = AT + months * month;
      const { signature } = (await getJson(emulator, DOCUMENT)) as AttestedDocumentResponse;
      expect(verifyEvidence(signature, { trust, policy: POLICY, nonce: NONCE, at })).toMatchObject({ accepted: true });
    }
  });
});

test('a classic VM attests its vmId alone and has no compute metadata', async () => {
  const classic = { ...BUILT_IN_VMS[0], classic: true };
  await withEmulator({ vms: [classic] }, async (emulator) => {
    const plan = { publisher: '', product: '', name: '' };
    const { signature } = (await getJson(emulator, DOCUMENT)) as AttestedDocumentResponse;
    const { content } = parseSignedDocument(Buffer.from(signature, 'base64'));
    expect(JSON.parse(Buffer.from(content).toString())).toMatchObject({
      vmId: classic.compute.vmId,
      subscriptionId: '',
      sku: '',
      plan,
    });
    expect((await get(emulator, '/metadata/instance/compute?api-version=2020-06-01')).status).toBe(404);
    expect((await get(emulator, '/metadata/instance/network?api-version=2020-06-01')).status).toBe(200);
  });
});
