import { readFileSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { SUBJECTS } from '../../../src/cli/preflight/finding.ts';
import { KEPT_VALUES } from '../../../src/cli/preflight/metadataRules.ts';
import { TROUBLES } from '../../../src/client/diagnosis/trouble.ts';
import { PREFERRED_VERSIONS } from '../../../src/client/imds/versions.ts';
import { FAULTS, FAULT_NAMES } from '../../../src/emulator/faults/faults.ts';
import type { FaultName } from '../../../src/emulator/faults/faults.ts';
import { BUILT_IN_VMS } from '../../../src/emulator/vms/builtInVms.ts';
import { readVmFile } from '../../../src/emulator/vms/vmFile.ts';
import { API_VERSIONS } from '../../../src/emulator/protocol/versions.ts';
import { createVm } from '../../../src/emulator/vms/vms.ts';
import { hasShared, readSharedText } from '../../support/shared.ts';
import { runIn } from '../documentFiles.ts';
import { AT, listCodes, readReport, usePreflight } from '../preflight/preflightScene.ts';

const scene = usePreflight();

/** Of every run against the emulator. */
const EMULATOR = { chassis: 'noted emulator' };

test('an ordinary VM is ready, and the report says how Azure writes its names', async () => {
  const run = await scene.run(await scene.emulate());
  expect(run.code).toBe(0);
  expect(listCodes(run)).toEqual(EMULATOR);
  expect(readReport(run)).toMatchObject({
    ready: true,
    attested: { plan: { publisher: 'planPublisher', product: 'planProduct', name: 'planName' } },
    instance: { publisher: 'RDFE-Test-Microsoft-Windows-Server-Group', sku: 'Windows-Server-2012-R2-Datacenter' },
  });
});

/** The plan that each built-in VM attests, and what is said of it. */
const PLANS: Readonly<Record<string, string | null>> = {
  examplevmname: null,
  negasonic: null,
  tracked: 'noted plan_empty',
  'customer-production': null,
  'customer-test': null,
  'foreign-plan': null,
  'without-plan': 'noted plan_empty',
  article: null,
  'fleet-7': null,
};

test('there is a verdict for every built-in VM', () => {
  expect(BUILT_IN_VMS.map(({ name }) => name).filter((name) => !(name in PLANS))).toEqual([]);
});

test.each(Object.entries(PLANS))('the built-in VM %s is ready: %s', async (name, plan) => {
  const run = await scene.run(`${await scene.emulate()}/vms/${name}`);
  expect(run.code).toBe(0);
  expect(listCodes(run)).toEqual({ ...EMULATOR, ...(plan !== null && { plan }) });
});

const VM_FILE = join(import.meta.dirname, '../../endToEnd/vms.json');

const ORDINARY = {
  name: 'ordinary',
  vmId: '11111111-0000-4000-8000-000000000001',
  subscriptionId: 'aaaaaaaa-0000-4000-8000-000000000001',
  compute: { plan: { publisher: 'contoso', product: 'gateway', name: 'standard' }, sku: 'standard-2' },
};

/** Where the verdict is not simply that the document check fails with the code that a service would answer. */
const VERDICTS: Readonly<Partial<Record<FaultName, Readonly<Record<string, string>>>>> = {
  // With trust in one authority alone there is no other cloud.
  'other-cloud': { document: 'failed signer_unexpected' },
  expired: { clock: 'failed clock_differs' },
  future: { clock: 'failed clock_differs' },
  'too-old': { clock: 'failed clock_differs' },
  'old-nonce': { 'nonce-base32': 'noted document_stale_first', 'nonce-digits': 'noted document_stale_first' },
  'empty-plan': { plan: 'noted plan_empty' },
  'foreign-plan': { plan: 'noted plan_differs' },
  slow: {},
  gone: {},
  'not-found': { imds: 'failed imds_failing' },
  'too-many': { imds: 'failed imds_busy' },
  error: { imds: 'failed imds_failing' },
  forbidden: { access: 'failed imds_denied' },
  silent: { imds: 'failed imds_silent' },
  refused: { imds: 'failed imds_silent' },
  cut: { imds: 'failed imds_odd' },
};

test.each(FAULT_NAMES)('the fault %s has its verdict', async (fault) => {
  const { leadsTo } = FAULTS[fault];
  const verdict = VERDICTS[fault] ?? (leadsTo === null ? {} : { document: `failed ${leadsTo}` });
  const run = await scene.run(await scene.emulate({ faults: [fault] }));
  expect(listCodes(run)).toEqual({ ...EMULATOR, ...verdict });
  expect(run.code).toBe(Object.values(verdict).some((each) => each.startsWith('failed')) ? 2 : 0);
});

test('a silent IMDS on Azure’s hardware is waited for, but not for long', async () => {
  const begun = scene.clock.now();
  const run = await scene.run(await scene.emulate({ faults: ['silent'] }));
  expect(readReport(run).checks.filter(({ outcome }) => outcome === 'failed')).toHaveLength(1);
  const waited = scene.clock.now() - begun;
  expect(waited).toBeGreaterThanOrEqual(10_000);
  expect(waited).toBeLessThanOrEqual(30_000);
});

/** What the newest api-version of a host leads to. Documents name the subscription from 2019-11-01 on. */
function verdictOnHostOf(newest: string): Readonly<Record<string, string>> {
  if (newest >= PREFERRED_VERSIONS.licence) return {};
  const versions = 'noted version_not_preferred';
  if (newest >= '2019-11-01') return { versions };
  if (newest >= '2018-10-01') return { versions, document: 'failed claim_missing' };
  return { versions, instance: 'failed imds_version', document: 'failed imds_version' };
}

test.each(API_VERSIONS.flatMap((version) => ([400, 404] as const).map((status) => [version, status] as const)))(
  'a host whose newest api-version is %s, which refuses others with %i, has its verdict',
  async (newestVersion, unknownVersion) => {
    const vms = [createVm({ ...ORDINARY, newestVersion })] as const;
    const run = await scene.run(await scene.emulate({ vms, unknownVersion }));
    expect(listCodes(run)).toEqual({ ...EMULATOR, ...verdictOnHostOf(newestVersion) });
    expect(run.code).toBe(newestVersion >= '2019-11-01' ? 0 : 2);
  },
);

test('every sound VM of a vendor’s own file is ready, whatever its plan', async () => {
  const vms = await readVmFile(VM_FILE);
  const url = await scene.emulate({ vms, rateLimit: Infinity });
  const sound = vms.filter(({ faults = [] }) => faults.length === 0);
  expect(sound.length).toBeGreaterThan(10);
  for (const { name, compute } of sound) {
    const plan = compute.plan.publisher === '' ? { plan: 'noted plan_empty' } : {};
    expect([name, listCodes(await scene.run(`${url}/vms/${name}`))]).toEqual([name, { ...EMULATOR, ...plan }]);
  }
});

test.each([
  ['/metadata/attested', { access: 'failed imds_denied' }],
  ['/metadata/instance', { access: 'failed imds_denied' }],
  ['/metadata/versions', { access: 'failed imds_denied' }],
])('the guest proxy agent denies %s alone', async (path, verdict) => {
  const emulator = await scene.emulate({ rateLimit: Infinity });
  const through = forward(emulator, '/', (text) => text);
  const url = await scene.serve((request, response) => {
    if (request.url?.startsWith(path) === true) response.writeHead(403).end();
    else through(request, response);
  });
  const run = await scene.run(url);
  expect(run.code).toBe(2);
  expect(listCodes(run)).toEqual({ ...EMULATOR, ...verdict });
  expect(run.out).toContain('inVMAccessControlProfile');
});

const refuse =
  (status: number, body: string, headers = {}): RequestListener =>
  (_, response) => {
    response.writeHead(status, headers).end(body);
  };

test.each([
  ['the guest proxy agent denies everything', refuse(403, ''), { access: 'failed imds_denied' }],
  ['a portal answers', refuse(200, '<html>Sign in</html>'), { imds: 'failed imds_odd' }],
  ['a redirect answers', refuse(302, '', { location: 'https://portal.example' }), { imds: 'failed imds_redirected' }],
  [
    'the header is lost on the way',
    refuse(400, '{"error":"Bad request. Required metadata header not specified"}'),
    { imds: 'failed imds_header_lost' },
  ],
  [
    'a proxy forwards the request',
    refuse(400, '{"error":"Bad request. Requests with an X-Forwarded-For header are not answered"}'),
    { imds: 'failed imds_forwarded' },
  ],
  ['IMDS is updated for longer than it may', refuse(410, ''), { imds: 'failed imds_updating' }],
])('%s', async (_, answer, verdict) => {
  const begun = scene.clock.now();
  const run = await scene.run(await scene.serve(answer));
  expect(run.code).toBe(2);
  expect(listCodes(run)).toEqual({ ...EMULATOR, ...verdict });
  expect(scene.clock.now() - begun).toBeLessThanOrEqual(120_000);
});

test.skipIf(!hasShared)(
  'a pinned certificate that is not at hand is named, with the command that gets it',
  async () => {
    const signature = readSharedText('attested-documents', '19-public-2026-06-eastus-g2.b64').trim();
    const url = await scene.serve(serveDocument(signature));
    const run = await scene.run(url, {
      trust: [],
      env: { HOME: scene.folder },
      now: Date.parse('2026-06-25T18:57:45Z'),
    });
    expect(run.code).toBe(2);
    const document = readReport(run).checks.find(({ name }) => name === 'document');
    expect(document).toMatchObject({ code: 'issuer_certificate_missing' });
    expect(run.out).toContain('Run: countersign trust sync.');
  },
);

/** The usual answers with a document that was recorded elsewhere. */
function serveDocument(signature: string): RequestListener {
  return ({ url = '' }, response) => {
    if (url.startsWith('/metadata/versions')) response.end('{"apiVersions":["2021-01-01","2025-04-07"]}');
    else if (url.startsWith('/metadata/instance')) response.end('{"compute":{}}');
    else response.end(JSON.stringify({ encoding: 'pkcs7', signature }));
  };
}

test('a VM of the classic deployment model cannot be licensed, and it is said why', async () => {
  const description = { name: 'old', vmId: '11111111-0000-4000-8000-000000000001', subscriptionId: '', classic: true };
  const run = await scene.run(await scene.emulate({ vms: [createVm(description)] }));
  expect(listCodes(run)).toEqual({ ...EMULATOR, document: 'failed claim_missing' });
});

test('the plan in another case is the same plan, and another plan is told', async () => {
  const plan = { publisher: 'Contoso', product: 'Gateway', name: 'Standard' };
  const ids = {
    name: 'v',
    vmId: '11111111-0000-4000-8000-000000000001',
    subscriptionId: 'aaaaaaaa-0000-4000-8000-000000000001',
  };
  const vms = [createVm({ ...ids, compute: { plan } })] as const;
  const emulator = await scene.emulate({ vms, rateLimit: Infinity });
  const told = async (change: (text: string) => string) => {
    const url = await scene.serve(forward(emulator, '/metadata/instance', change));
    return listCodes(await scene.run(url))['plan'];
  };
  expect(await told((text) => text)).toBeUndefined();
  expect(await told((text) => text.replaceAll('Contoso', 'contoso'))).toBe('noted plan_case');
  expect(await told((text) => text.replaceAll('Contoso', 'Fabrikam'))).toBe('noted plan_differs');
});

/** Everything as the emulator answers, but for what stands under one path. */
function forward(emulator: string, path: string, change: (text: string) => string): RequestListener {
  return ({ url = '', headers }, response) => {
    void fetch(emulator + url, { headers: { Metadata: String(headers['metadata']) } }).then(async (answer) => {
      const text = await answer.text();
      response.writeHead(answer.status).end(url.startsWith(path) ? change(text) : text);
    });
  };
}

test.each([
  [
    'does not have the version that is asked for first',
    '{"apiVersions":["2018-10-01","2019-11-01"]}',
    'noted version_not_preferred',
  ],
  ['lists nothing that can be read', 'gone', 'noted versions_unknown'],
])('a host that %s is ready', async (_, text, versions) => {
  const emulator = await scene.emulate({ rateLimit: Infinity });
  const run = await scene.run(await scene.serve(forward(emulator, '/metadata/versions', () => text)));
  expect(run.code).toBe(0);
  expect(listCodes(run)).toEqual({ ...EMULATOR, versions });
});

test('docs/preflight.md has every check, every cause and every member that a fixture keeps', () => {
  const page = readFileSync(join(import.meta.dirname, '../../../docs/preflight.md'), 'utf8');
  const members = [...KEPT_VALUES.keys()].map((path) => path.split('.').at(-1) ?? '');
  const names = [...SUBJECTS, ...Object.keys(TROUBLES).map((trouble) => `imds_${trouble}`), ...members];
  expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([]);
});

test('an authority that nobody pinned, as a new CA of Azure would be', async () => {
  const run = await scene.run(await scene.emulate(), { trust: [] });
  expect(run.code).toBe(2);
  expect(listCodes(run)).toMatchObject({ document: 'failed signer_unexpected' });
  expect(run.out).toContain('countersign imds --authority');
});

test('a clock that is wrong is told apart from a document that is', async () => {
  const run = await scene.run(await scene.emulate(), { now: AT - 600_000 });
  expect(listCodes(run)).toEqual({ ...EMULATOR, clock: 'failed clock_differs' });
  expect(run.out).toMatch(/(?:599|600) s behind/);
});

test.each([
  [{ HTTP_PROXY: 'http://user:secret@proxy.example:3128' }, 'noted proxy_diverts'],
  [{ all_proxy: 'http://proxy.example:3128', no_proxy: 'localhost' }, 'noted proxy_diverts'],
  [{ http_proxy: 'http://proxy.example:3128', NO_PROXY: 'localhost, 169.254.169.254' }, undefined],
  [{ HTTPS_PROXY: 'http://proxy.example:3128' }, undefined],
])('of the environment %j only names are told', async (env, told) => {
  const run = await scene.run(await scene.emulate(), { env });
  expect(listCodes(run)['proxy']).toBe(told);
  expect(run.code).toBe(0);
  expect(run.out).not.toMatch(/secret|proxy\.example/);
});

test('nothing of the report names the VM', async () => {
  const { out } = await scene.run(await scene.emulate(), { args: [] });
  expect(out).toContain('attested plan       planPublisher/planProduct/planName');
  expect(out).not.toMatch(/02aab8a4|8d10da13|examplevmname|macikgo|10\.1\.0\.4/i);
});

test('where nothing answers, hardware that is not Azure’s ends it soon', async () => {
  const requestImds = ({ timeoutMs }: { timeoutMs: number }) => {
    scene.clock.pass(timeoutMs);
    return Promise.resolve({ kind: 'silent' } as const);
  };
  const begun = scene.clock.now();
  const chassisTag = () => Promise.resolve({ readable: true, tag: 'Laptop' } as const);
  const run = await scene.run('http://127.0.0.1:1', { world: { requestImds, chassisTag } });
  expect(listCodes(run)).toMatchObject({ imds: 'failed imds_silent' });
  expect(scene.clock.now() - begun).toBeLessThanOrEqual(2900);
  const known = scene.clock.now();
  await scene.run('http://127.0.0.1:1', { world: { requestImds } });
  expect(scene.clock.now() - known).toBeLessThanOrEqual(30_000);
});

interface Fixture {
  readonly format: string;
  readonly recordedOn: string;
  readonly program: { readonly version: string };
  readonly machine: { readonly proxy: object };
  readonly answers: readonly { readonly judgement: string }[];
  readonly documents: readonly { readonly code: string | null }[];
}

const readFixture = () => JSON.parse(readFileSync(join(scene.folder, 'fixture.json'), 'utf8')) as Fixture;

test('the fixture is written whatever the verdict, and the path is printed', async () => {
  const env = { HTTP_PROXY: 'http://user:secret@proxy.example' };
  const out = ['--json', '--out', 'fixture.json'];
  const run = await scene.run(await scene.emulate({ faults: ['altered-content'] }), { args: out, env });
  expect(run.code).toBe(2);
  expect(run.complaints).toContain('fixture.json written: the fixture, with every id replaced.');
  expect(JSON.parse(run.out)).toMatchObject({ ready: false, fixture: 'fixture.json' });
  expect(readFixture()).toMatchObject({
    format: 'countersign-preflight/1',
    recordedOn: '2026-07-01',
    machine: { chassis: 'known', vtpm: 'seen', proxy: { set: ['HTTP_PROXY'], diverting: ['HTTP_PROXY'] } },
    documents: [{ code: 'signature_invalid' }, { code: 'signature_invalid' }],
  });
  await scene.run(await scene.serve(refuse(403, '')), { args: out });
  expect(readFixture().answers.map(({ judgement }) => judgement)).toEqual(['denied', 'denied', 'denied', 'denied']);
  await scene.run('http://127.0.0.1:1', { args: out });
  expect(readFixture()).toMatchObject({
    answers: [{ judgement: 'refused', reply: { kind: 'refused' } }],
    documents: [],
  });
});

test('a fixture that cannot be written is the one JSON value', async () => {
  const url = await scene.serve(refuse(403, ''));
  const args = ['preflight', '--imds-url', url, '--json', '--out', 'gone/fixture.json'];
  const { code, out } = await runIn(scene.folder, args);
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({ error: { code: 'file_unwritable' } });
});

test.each([
  [['--out', 'fixture.csv'], '--out writes JSON: give the file a name that ends in .json'],
  [['--imds-url', 'http://169.254.169.254'], 'loopback'],
  [['--imds-url', 'http://127.0.0.1:7080/'], 'loopback'],
  [['--imds-url', 'https://localhost'], 'loopback'],
  [['--domain', 'metadata.emulator.test'], '--domain goes with --trust-pem'],
  [['file'], 'too many arguments'],
])('%j is wrong usage', async (args, complaint) => {
  const { code, out, complaints } = await runIn(scene.folder, ['preflight', ...args]);
  expect({ code, out }).toEqual({ code: 1, out: '' });
  expect(complaints).toContain(complaint);
});
