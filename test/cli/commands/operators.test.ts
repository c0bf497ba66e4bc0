import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { createAuthority } from '../../../src/emulator/authority/authority.ts';
import type { OperatorRole } from '../../../src/operators/access/roles.ts';
import { readPemBlocks } from '../../../src/trust/pem.ts';
import { parseCertificate } from '../../../src/verifier/x509/certificate.ts';
import { boot, createKey } from '../../endToEnd/protocolClient.ts';
import { useStack } from '../../operators/useStack.ts';
import { runIn } from '../documentFiles.ts';
import { runKeys } from '../../support/runKeys.ts';

const stack = useStack();
const folder = mkdtempSync(join(tmpdir(), 'countersign-operators-cli-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const environment = (role: OperatorRole = 'Operator') => ({
  COUNTERSIGN_URL: stack().serviceUrl,
  COUNTERSIGN_TOKEN: stack().operatorTokens[role],
});

const run = (...args: string[]) => runIn(folder, args, { env: environment() });
const runAs = (role: OperatorRole, ...args: string[]) => runIn(folder, args, { env: environment(role) });

function writeFile(name: string, value: unknown): string {
  writeFileSync(join(folder, name), JSON.stringify(value));
  return name;
}

async function json(...args: string[]): Promise<unknown> {
  const { code, out, complaints } = await run(...args, '--json');
  expect({ code, complaints }).toEqual({ code: 0, complaints: '' });
  return JSON.parse(out);
}

/** Of a command that stops somebody's software: it tells its effect first. */
async function stopJson(...args: string[]): Promise<unknown> {
  const { code, out, complaints } = await run(...args, '--yes', '--json');
  expect({ code, complaints }).toEqual({ code: 0, complaints: expect.stringMatching(/^[A-Z].*\.\n$/) as string });
  return JSON.parse(out);
}

function bootVm(vm: string) {
  const { serviceUrl, imdsUrl } = stack();
  return boot({ baseUrl: serviceUrl, issuer: serviceUrl, imdsUrl, vm, key: createKey(), change: { label: 'Halle 3' } });
}

const SUBSCRIPTION = 'ffffffff-0000-4000-8000-000000000001';
const STANDARD = 'contoso/gateway/standard';

test('offers are listed in a table, shown, suspended and resumed', async () => {
  const { code, out } = await run('offers', 'list');
  expect(code).toBe(0);
  expect(out).toMatch(/^OFFER +MODE +STATUS/);
  expect(out).toMatch(/^contoso\/gateway\/early +licensed +active/m);
  expect((await run('offers', 'show', STANDARD)).out).toMatch(/^ {2}skus +standard-2, standard-4$/m);
  expect(await stopJson('offers', 'suspend', STANDARD)).toMatchObject({ offer: { status: 'suspended' } });
  expect(await json('offers', 'resume', STANDARD)).toMatchObject({ offer: { status: 'active' } });
});

test('a licence is granted, changed, suspended, resumed, revoked and listed', async () => {
  const grant = [
    'licences',
    'grant',
    'cli',
    '--cloud',
    'emulator',
    '--subscription',
    SUBSCRIPTION,
    '--offer',
    STANDARD,
  ];
  const granted = await json(...grant, '--seats', '5', '--valid-until', '2030-01-01T00:00:00+01:00');
  expect(granted).toMatchObject({ licence: { id: 'cli', seats: 5, validUntil: '2029-12-31T23:00:00Z' } });
  expect((await run(...grant, '--seats', '6')).code).toBe(2);
  const changed = await json('licences', 'set', 'cli', '--seats', 'unlimited', '--valid-until', 'none', '--note', 'x');
  expect(changed).toMatchObject({ licence: { seats: 'unlimited', validUntil: null, note: 'x' } });
  const restricted = await stopJson('licences', 'set', 'cli', '--skus', 'standard-2, ""', '--vm-ids', SUBSCRIPTION);
  expect(restricted).toMatchObject({ licence: { skus: ['standard-2', ''], vmIds: [SUBSCRIPTION], note: 'x' } });
  for (const skus of ['standard-2,', '']) {
    expect(await run('licences', 'set', 'cli', '--skus', skus)).toMatchObject({ code: 1, out: '' });
  }
  expect(await json('licences', 'set', 'cli', '--skus', '*')).toMatchObject({ licence: { skus: '*' } });
  expect((await run('licences', 'set', 'cli', '--vm-ids', 'web-1', '--yes')).complaints).toContain('be a UUID');
  for (const [word, status] of [
    ['suspend', 'suspended'],
    ['resume', 'active'],
    ['revoke', 'revoked'],
  ] as const) {
    const change = word === 'resume' ? json : stopJson;
    expect(await change('licences', word, 'cli')).toMatchObject({ licence: { status } });
  }
  const listed = await run('licences', 'list', '--cloud', 'emulator', '--subscription', SUBSCRIPTION);
  expect(listed.out).toMatch(/^cli +revoked +- +production +unlimited +0 +contoso\/gateway\/standard +emulator:/m);
  expect((await run('licences', 'show', 'cli')).out).toMatch(/^ {2}seats taken +0$/m);
});

test('a licence is deleted, and then the offer under which it stood', async () => {
  await json('apply', writeFile('brief.json', { offers: [{ offer: 'contoso/brief/pro', mode: 'licensed' }] }));
  const terms = ['--cloud', 'emulator', '--subscription', SUBSCRIPTION, '--offer', 'contoso/brief/pro', '--seats', '1'];
  expect((await run('licences', 'grant', 'brief', ...terms)).code).toBe(0);
  const early = await run('offers', 'delete', 'contoso/brief/pro', '--yes');
  expect(early).toMatchObject({ code: 2, out: '' });
  expect(early.complaints).toContain('in_use: It has licences: 1 licence, brief among them. Delete them first.');
  expect(await run('licences', 'delete', 'brief', '--yes')).toMatchObject({ code: 0, out: 'deleted\n' });
  expect(await stopJson('offers', 'delete', 'contoso/brief/pro')).toEqual({ deleted: true });
  expect((await run('licences', 'delete', 'brief', '--yes')).complaints).toContain('not_found');
  expect((await run('offers', 'delete', 'contoso/brief/pro', '--yes')).complaints).toContain('not_found');
});

test('a list tells that it goes on', async () => {
  const { out, complaints } = await run('licences', 'list', '--limit', '2');
  expect(out.trim().split('\n').length).toBe(3);
  expect(complaints).toContain('There are more than these 2');
});

test('licences are imported from CSV whole or not at all, and exported', async () => {
  const line = (id: string, seats: string) =>
    `${id},emulator,ffffffff-0000-4000-8000-00000000${id},${STANDARD},${seats}\n`;
  const header = 'id,cloud,subscription,offer,seats\n';
  writeFileSync(join(folder, 'bad.csv'), header + line('1001', '1') + line('1002', 'x'));
  const refused = await run('licences', 'import', 'bad.csv');
  expect(refused).toMatchObject({ code: 2, out: '' });
  expect(refused.complaints).toContain('request_malformed: Nothing was written.');
  expect(refused.complaints).toMatch(/\n {2}line 3, seats: must be "unlimited" or/);
  writeFileSync(join(folder, 'good.csv'), header + line('1001', '1') + line('1002', '2'));
  const dry = await run('licences', 'import', 'good.csv', '--dry-run');
  expect(dry.out).toContain('Nothing was written. Would be:\n');
  const done = await run('licences', 'import', 'good.csv');
  expect(done.out).toContain('licences  2 created, 0 updated, 0 unchanged\n');
  expect(done.complaints).toContain('writing 2 new and 0 changed licences');
  expect((await run('licences', 'export', '--out', 'all.csv')).out).toBe('all.csv written as CSV\n');
  const csv = readFileSync(join(folder, 'all.csv'), 'utf8');
  expect([csv.slice(0, 4), csv]).toEqual(['\uFEFFid,', expect.stringContaining('1002,emulator,')]);
  expect((await run('licences', 'export', '--out', 'all.json')).code).toBe(0);
  expect(await json('licences', 'export')).toEqual(JSON.parse(readFileSync(join(folder, 'all.json'), 'utf8')));
  expect(await json('licences', 'import', 'all.json')).toMatchObject({ licences: { created: 0, updated: 0 } });
  const again = await runIn(folder, ['licences', 'import', '-'], {
    env: environment(),
    stdin: readFileSync(join(folder, 'all.csv')),
  });
  expect(again.out).toMatch(/licences {2}0 created, 0 updated, \d+ unchanged\n/);
});

test('a file that takes something from running VMs tells it, and asks', async () => {
  const subscription = 'ffffffff-0000-4000-8000-000000002001';
  const offers = [{ offer: 'contoso/taken/pro', mode: 'licensed' }];
  const licence = { id: 'taken', cloud: 'emulator', subscription, offer: 'contoso/taken/pro', seats: 20 };
  const more = { ...licence, seats: 30 };
  const fewer = { ...licence, seats: 5, status: 'suspended' };
  expect((await run('apply', writeFile('taken.json', { offers, licences: [licence] }))).code).toBe(0);
  expect(await run('apply', writeFile('more.json', { licences: [more] }))).toMatchObject({ code: 0, complaints: '' });
  const told = 'taken: seats from 30 to 5, status from active to suspended';
  const file = writeFile('fewer.json', { licences: [fewer] });
  for (const command of [['apply'], ['licences', 'import']]) {
    const asked = await run(...command, file);
    expect(asked).toMatchObject({ code: 1, out: '' });
    expect(asked.complaints).toContain(told);
    expect(asked.complaints).toContain('Repeat it with --yes');
    const dry = await run(...command, file, '--dry-run');
    expect([dry.code, dry.out, dry.complaints]).toEqual([
      0,
      expect.stringContaining('1 updated') as string,
      expect.stringContaining(told) as string,
    ]);
  }
  expect(await json('licences', 'show', 'taken')).toMatchObject({ licence: { seats: 30, status: 'active' } });
  const csv = `id,cloud,subscription,offer,seats\ntaken,emulator,${subscription},contoso/taken/pro,4\n`;
  writeFileSync(join(folder, 'fewer.csv'), csv);
  expect((await run('licences', 'import', 'fewer.csv')).complaints).toContain('taken: seats from 30 to 4');
  expect((await run('licences', 'import', 'fewer.csv', '--yes')).code).toBe(0);
  const suspended = writeFile('offer.json', { offers: [{ ...offers[0], status: 'suspended', skus: ['a'] }] });
  expect((await run('apply', suspended)).complaints).toContain(
    'contoso/taken/pro: status from active to suspended, skus from * to a',
  );
  expect((await run('apply', suspended, '--yes')).code).toBe(0);
});

test('a VM is listed, blocked and unblocked', async () => {
  expect((await bootVm('licensed')).status).toBe(200);
  const vm = '11111111-0000-4000-8000-000000000001';
  expect((await run('activations', 'list', '--licence', 'http-standard')).out).toMatch(
    new RegExp(`^${vm} +http-standard`, 'm'),
  );
  const listed = await run('activations', 'list', '--vm', vm);
  expect(listed.out).toMatch(/ LABEL +LAST SEEN\n/);
  expect(listed.out).toContain('  Halle 3  ');
  expect((await run('activations', 'show', vm)).out).toMatch(/^ {2}label +Halle 3$/m);
  expect(await stopJson('activations', 'block', vm)).toMatchObject({ blocked: true });
  expect((await bootVm('licensed')).body['code']).toBe('vm_blocked');
  expect(await json('activations', 'unblock', vm, '--licence', 'http-standard')).toMatchObject({ blocked: false });
  expect(await json('activations', 'release-key', vm)).toMatchObject({ keyChanges: [] });
  expect(await json('activations', 'list', '--vm', vm)).toHaveLength(1);
  expect((await run('activations', 'seats', '--licence', 'http-standard')).out).toMatch(/^ {2}taken +1$/m);
  const tried = await run('activations', 'release', vm, '--dry-run');
  expect(tried.complaints).toContain('With overage 0, the VM that takes the seat makes two on one seat until then.');
  expect(tried.out).toMatch(/^ {2}seat +\d+ → /m);
  expect(await json('activations', 'show', vm)).not.toMatchObject({ seat: null });
  expect(await stopJson('activations', 'release', vm)).toMatchObject({ seat: null, overSince: null });
  expect((await run('activations', 'seats', '--licence', 'http-standard')).out).toMatch(/^ {2}taken +0$/m);
  expect(await stopJson('activations', 'block', SUBSCRIPTION, '--licence', 'http-standard')).toMatchObject({
    seat: null,
    blocked: true,
  });
  // It never came: it has no lease, and no licence that lives on.
  const shown = await run('activations', 'show', SUBSCRIPTION);
  const rows = await run('activations', 'list', '--vm', SUBSCRIPTION);
  const freed = await run('activations', 'release', SUBSCRIPTION, '--dry-run');
  for (const { code, out, complaints } of [shown, rows, freed]) {
    expect([code, `${out}${complaints}`]).toEqual([0, expect.not.stringContaining('1970') as string]);
  }
  expect(freed.complaints).toContain('never had a licence under http-standard');
});

test('a licence of several subscriptions has a customer, overage and claim codes, and a subscription moves', async () => {
  const [first, second] = ['eeeeeeee-0000-4000-8000-000000000001', 'eeeeeeee-0000-4000-8000-000000000002'] as const;
  const offer = 'contoso/several/pro';
  await json('apply', writeFile('several.json', { offers: [{ offer, mode: 'licensed' }] }));
  const scope = ['--subscription', `emulator:${first}`, '--subscription', `emulator:${second}`];
  const terms = ['--overage', '10%', '--class', 'development', '--customer', 'Tailspin Toys'];
  const granted = await json('licences', 'grant', 'several', ...scope, '--offer', offer, '--seats', '5', ...terms);
  expect(granted).toMatchObject({
    licence: {
      subscriptions: [{ subscription: first }, { subscription: second }],
      ...{ overage: '10%', class: 'development', customer: { name: 'Tailspin Toys', reference: null } },
    },
  });
  const referred = await json('licences', 'set', 'several', '--customer-reference', '4711');
  expect(referred).toMatchObject({ licence: { customer: { name: 'Tailspin Toys', reference: '4711' } } });
  await stopJson('licences', 'set', 'several', '--end-subscription', `${second}=2030-01-01T00:00:00Z`);
  const grant = ['licences', 'grant', 'next', '--subscription', `emulator:${second}`, '--offer', offer, '--seats', '1'];
  expect(await json(...grant)).toMatchObject({ licence: { cloud: 'emulator', subscription: second } });
  const created = (await json('claims', 'create', '--licence', 'next', '--uses', '2')) as { claim: { id: string } };
  expect(await json('claims', 'list', '--licence', 'next')).toMatchObject([
    { id: created.claim.id, uses: 2, used: [] },
  ]);
  expect(await stopJson('claims', 'revoke', created.claim.id)).toEqual({ deleted: true });
  const sold = await json('offers', 'set', offer, '--trial-days', '30', '--trial-seats', '5');
  expect(sold).toMatchObject({ offer: { trial: { days: 30, seats: 5 } } });
  expect((await run('offers', 'set', offer, '--overage', '1')).complaints).toContain('overage must be left out');
});

test('a VM is unblocked under a licence that is gone, too', async () => {
  const offers = ['staying', 'going'].map((product) => ({ offer: `contoso/${product}/pro`, mode: 'licensed' }));
  await json('apply', writeFile('two.json', { offers }));
  const grant = (id: string, product: string) => {
    const terms = ['--offer', `contoso/${product}/pro`, '--seats', '1'];
    return json('licences', 'grant', id, '--cloud', 'emulator', '--subscription', SUBSCRIPTION, ...terms);
  };
  await grant('stays', 'staying');
  await grant('gone', 'going');
  for (const id of ['stays', 'gone']) await stopJson('activations', 'block', SUBSCRIPTION, '--licence', id);
  await stopJson('licences', 'delete', 'gone');
  expect((await run('activations', 'unblock', SUBSCRIPTION)).complaints).toMatch(
    /Name one with --licence: .*gone.*stays/,
  );
  const unblocked = await json('activations', 'unblock', SUBSCRIPTION, '--licence', 'Gone');
  expect(unblocked).toMatchObject({ licence: 'gone', blocked: false });
  // Another licence has seats of its own: the VM is there when it has come.
  await grant('anew', 'going');
  expect((await run('activations', 'show', SUBSCRIPTION, '--licence', 'anew')).complaints).toContain('has not come');
});

test('"why was this VM refused?" is answered on one screen', async () => {
  const refused = await bootVm('odd-sku');
  const id = String(refused.body['correlationId']);
  const { code, out } = await run('decisions', 'explain', id);
  expect(code).toBe(0);
  const lines = out.trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(lines[0]).toBe('sku_not_allowed: The image’s sku is not covered');
  expect(out).toContain(`correlation id ${id}`);
  expect(out).toMatch(/^ {2}failed +sku: /m);
  expect(out).toContain('countersign licences set ID --skus');
  expect(out).toMatch(/^ {2}outcome +it would be refused: sku_not_allowed$/m);
  expect(out).toMatch(/^ {2}licence +http-standard: active, 50 seats, valid always/m);
  expect((await run('decisions', 'show', id)).out).toMatch(/^ {2}check sku +failed/m);
  const listed = (await json('decisions', 'list', '--code', 'sku_not_allowed')) as { id: string }[];
  expect(listed.map((one) => one.id)).toContain(id);
  expect((await run('decisions', 'list', '--until', '2020-01-01T00:00:00Z')).out).toBe('none\n');
});

test('an explanation says by which key a VM would be let in', async () => {
  for (let time = 0; time < 2; time += 1) expect((await bootVm('small-1')).status).toBe(200);
  const id = String((await bootVm('small-1')).body['correlationId']);
  const explain = async () => (await run('decisions', 'explain', id)).out;
  const keeps = 'unless it comes with the key of its licence';
  expect(await explain()).toMatch(new RegExp(`^ {2}outcome +it would be refused: key_changed, ${keeps}$`, 'm'));
  const vm = '11111111-0000-4000-8000-000000000011';
  await json('activations', 'release-key', vm);
  expect(await explain()).toMatch(/^ {2}outcome +it would be granted$/m);
  await stopJson('activations', 'block', vm);
  const blocked = String((await bootVm('small-1')).body['correlationId']);
  await json('activations', 'unblock', vm);
  const { out } = await run('decisions', 'explain', blocked);
  expect(out).toMatch(/^ {2}outcome +it would be granted, with the key of its licence$/m);
});

test('decisions are listed in the order of the service, over all its pages', async () => {
  const decision = (at: string) => ({ id: at, at, code: 'vm_blocked', vmId: 'x', plan: null, claimedOffer: null });
  const pages = [
    { items: [decision('2026-11-23T10:50:00.500Z'), decision('2026-11-23T10:50:00Z')], continuation: 'next' },
    { items: [decision('2026-11-23T10:05:00Z')], continuation: null },
  ];
  const server = createServer((_, response) => void response.end(JSON.stringify(pages.shift())));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const env = { COUNTERSIGN_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, COUNTERSIGN_TOKEN: 'x' };
  const { out } = await runIn(folder, ['decisions', 'list'], { env });
  expect(out.match(/^2026\S+/gm)).toEqual(['2026-11-23T10:50:00.500Z', '2026-11-23T10:50:00Z', '2026-11-23T10:05:00Z']);
});

test('what a VM calls itself steers no terminal', async () => {
  const { serviceUrl, imdsUrl } = stack();
  const change = { client: 'agent\u001b[2J\u0007' };
  const booted = await boot({ baseUrl: serviceUrl, issuer: serviceUrl, imdsUrl, vm: 'second', change });
  expect(booted.status).toBe(200);
  const { out } = await run('activations', 'list', '--licence', 'http-standard');
  expect(out).toContain('agent?[2J?');
  expect(out).not.toContain('\u001b');
});

test('keys are told by their names', async () => {
  const { out } = await run('keys', 'status');
  expect(out).toMatch(/^SIGNING KEY +STATE/);
  expect(out).toMatch(/^start +sign_and_verify$/m);
});

test('an administrator pins, distrusts, and takes both back', async () => {
  const { root } = await createAuthority({ names: { root: 'CLI Root' }, keys: runKeys('other') });
  writeFileSync(join(folder, 'root.der'), root.der);
  const { sha256 } = parseCertificate(root.der);
  const add = ['trust', 'add', 'root.der', '--cloud', 'emulator'];
  expect((await runAs('Admin', ...add)).complaints).toContain('newAnchor');
  expect((await run(...add, '--new-anchor')).complaints).toContain('role_missing');
  const pinned = await runAs('Admin', ...add, '--new-anchor', '--note', 'compared');
  expect(pinned.out).toMatch(new RegExp(`^ {2}sha256 +${sha256}$`, 'm'));
  const service = ['trust', 'status', '--service', stack().serviceUrl];
  const status = await run(...service);
  expect(status.code).toBe(0);
  expect(status.out).toMatch(/^emulator \(metadata\.emulator\.test\): ok$/m);
  expect(status.out).toMatch(new RegExp(`^CLI Root +emulator +root +\\S+ +${sha256} +compared$`, 'm'));
  const removed = await runAs('Admin', 'trust', 'remove', sha256, '--cloud', 'emulator', '--yes');
  expect(removed.out).toBe('removed\n');
  expect(removed.complaints).toContain('It is of CLI Root. Every accepted cloud keeps the complete path that it has.');
  const distrusted = await runAs('Admin', 'trust', 'distrust', sha256, '--note', 'stolen', '--yes');
  expect(distrusted.code).toBe(0);
  expect(distrusted.complaints).toContain('No pinned CA has this digest or key.');
  expect(await json(...service)).toMatchObject({ verdict: 'ok', pins: [], distrusts: [{ sha256, note: 'stolen' }] });
  expect((await runAs('Admin', 'trust', 'undistrust', sha256)).out).toBe('no longer distrusted\n');
  expect((await runAs('Admin', 'trust', 'undistrust', sha256)).code).toBe(2);
  expect((await run('trust', 'issuers')).out).toMatch(/^(none|ISSUER)/);
});

test('the distrust of a cloud’s only issuing CA tells that before it asks', async () => {
  const issuing = parseCertificate(readAuthority().at(-1) ?? new Uint8Array()).sha256;
  const asked = await runAs('Admin', 'trust', 'distrust', issuing);
  expect(asked.code).toBe(1);
  expect(asked.complaints).toContain('emulator is left without a complete path: no VM there gets a new licence.');
  const tried = await runAs('Admin', 'trust', 'distrust', issuing, '--dry-run');
  expect(tried.out).toMatch(/^ {2}clouds without a path +emulator$/m);
  expect((await run('trust', 'status')).out).toContain('distrusts\nnone');
});

function readAuthority(): readonly Uint8Array[] {
  return readPemBlocks(readFileSync(stack().authorityFile, 'utf8')).flatMap((der) => (der === null ? [] : [der]));
}

test('apply goes through the service that is named, and needs no store', async () => {
  const file = { offers: [{ offer: 'contoso/cli/pro', mode: 'licensed' }] };
  writeFileSync(join(folder, 'catalogue.json'), JSON.stringify(file));
  const dry = await run('apply', 'catalogue.json', '--dry-run');
  expect(dry.out).toContain('Nothing was written. Would be:\noffers    1 created');
  const env = { COUNTERSIGN_TOKEN: stack().operatorTokens.Operator };
  const applied = await runIn(folder, ['apply', 'catalogue.json', '--service', stack().serviceUrl, '--json'], { env });
  expect(JSON.parse(applied.out)).toMatchObject({ dryRun: false, offers: { created: 1 } });
  expect((await runAs('Reader', 'apply', 'catalogue.json')).code).toBe(2);
});

test('a VM that never came is a refusal', async () => {
  const { code, out, complaints } = await run('activations', 'show', '99999999-0000-4000-8000-000000000001');
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(complaints).toContain(
    'not_found: the VM 99999999-0000-4000-8000-000000000001 has not come for a licence here',
  );
});

test.each(['abc\ndef-secret', 'abc def-secret', 'abc\u0000def-secret', 'äbc-secret'])(
  'a token that is none is not repeated: %j',
  async (COUNTERSIGN_TOKEN) => {
    const { code, complaints } = await runIn(folder, ['offers', 'list'], {
      env: { ...environment(), COUNTERSIGN_TOKEN },
    });
    expect(code).toBe(1);
    expect(complaints).toContain('COUNTERSIGN_TOKEN is not a token');
    expect(complaints).not.toContain('secret');
  },
);

test('a refusal is exit code 2 with its code; a service that does not answer is 1', async () => {
  const missing = await run('licences', 'show', 'nobody');
  expect(missing).toMatchObject({ code: 2, out: '' });
  expect(missing.complaints).toMatch(
    /^countersign licences show: not_found: There is no licence with this id\.\n {2}correlation id [0-9a-f-]{36}\n$/,
  );
  const env = { COUNTERSIGN_URL: 'http://127.0.0.1:9', COUNTERSIGN_TOKEN: 'x' };
  const down = await runIn(folder, ['keys', 'status'], { env });
  expect(down.code).toBe(1);
  expect(down.complaints).toContain('http://127.0.0.1:9 does not answer');
});

test('a service without operators’ routes, or that sends elsewhere, is told as such', async () => {
  const statuses: Record<string, number> = { '/operator/v1/keys': 404, '/operator/v1/licences/slow': 504 };
  const server = createServer((request, response) => {
    response.writeHead(statuses[request.url ?? ''] ?? 302, { Location: 'http://127.0.0.1:9/' });
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const env = { COUNTERSIGN_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, COUNTERSIGN_TOKEN: 'x' };
  expect((await runIn(folder, ['keys', 'status'], { env })).complaints).toContain(
    "not an answer of the operators' API",
  );
  expect(await runIn(folder, ['offers', 'list'], { env })).toMatchObject({ code: 1 });
  const late = await runIn(folder, ['licences', 'show', 'slow'], { env });
  expect([late.code, late.complaints]).toEqual([1, expect.stringContaining('answered 504: a gateway')]);
});

test.each([
  [['offers', 'list'], {}, 'no service is named'],
  [['offers', 'list'], { COUNTERSIGN_URL: 'http://licences.contoso.com' }, 'only sent over https'],
  [['offers', 'list'], { COUNTERSIGN_URL: 'licences' }, 'is not a URL'],
  [['offers', 'list'], { COUNTERSIGN_URL: 'https://licences.contoso.com' }, 'Set COUNTERSIGN_AUDIENCE'],
] as const)('%j with %j is wrong usage', async (args, env, complaint) => {
  const { code, complaints } = await runIn(folder, [...args], { env });
  expect(code).toBe(1);
  expect(complaints).toContain(complaint);
});

test.each([
  [['offers'], 'name a command: list, show'],
  [['offers', 'sell'], "unknown command 'sell'"],
  [['offers', 'show'], "missing required argument 'name'"],
  [['offers', 'show', 'contoso'], 'is not an offer'],
  [['offers', 'list', 'x'], 'too many arguments'],
  [['licences', 'grant', 'x'], 'the option --subscription <uuid> is missing'],
  [['licences', 'set', 'x'], 'nothing to set'],
  [['licences', 'set', 'x', '--seats', 'many'], 'Write a whole number, or unlimited'],
  [['licences', 'set', 'x', '--valid-until', 'soon'], 'Write a time of RFC 3339'],
  [['licences', 'list', '--limit', '0'], "'--limit <n>' argument '0' is invalid"],
  [['activations', 'list'], 'say which VMs'],
  [['activations', 'seats'], 'the option --licence <id> is missing'],
  [['trust', 'add', 'root.der'], 'the option --cloud <name> is missing'],
  [['trust', 'status', '--service', 'http://127.0.0.1:9', '--days', '3'], 'add --local, or remove them'],
  [['trust', 'status', '--service', 'http://127.0.0.1:9', '--local'], '--local excludes --service'],
  [['trust', 'sync', '--service', 'http://127.0.0.1:9'], "unknown option '--service'"],
  [['keys', 'rotate'], "unknown command 'rotate'"],
])('%j is told what is wrong', async (args, complaint) => {
  const { code, out, complaints } = await run(...args);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(complaints).toContain(complaint);
});
