import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from '../../support/properties.ts';
import { expect, test } from 'vitest';
import { anonymise } from '../../../src/cli/preflight/anonymise.ts';
import { describeCertificate } from '../../../src/cli/preflight/certificateShape.ts';
import { describeShape } from '../../../src/cli/preflight/documentShape.ts';
import { KEPT_NAMES, KEPT_VALUES } from '../../../src/cli/preflight/metadataRules.ts';
import { StandIns } from '../../../src/cli/preflight/standIns.ts';
import { createAuthority } from '../../../src/emulator/authority/authority.ts';
import { BUILT_IN_VMS } from '../../../src/emulator/vms/builtInVms.ts';
import { FAULT_NAMES } from '../../../src/emulator/faults/faults.ts';
import { readVmFile } from '../../../src/emulator/vms/vmFile.ts';
import { createVm } from '../../../src/emulator/vms/vms.ts';
import type { Metadata, Vm, VmDescription } from '../../../src/emulator/vms/vms.ts';
import { expectedDocuments, hasShared, readSharedText } from '../../support/shared.ts';
import { runKeys } from '../../support/runKeys.ts';
import { AT, usePreflight } from './preflightScene.ts';

const scene = usePreflight();
const KEY = new Uint8Array(32).fill(7);

/** The fixture of a run against the emulator, as text. */
async function record(vm: string, options: Parameters<typeof scene.emulate>[0] = {}): Promise<string> {
  const url = `${await scene.emulate({ rateLimit: Infinity, ...options })}/vms/${vm}`;
  await scene.run(url, {
    args: ['--out', 'fixture.json', '--json'],
    env: { HTTP_PROXY: 'http://user:secret@proxy.example' },
  });
  return readFileSync(join(scene.folder, 'fixture.json'), 'utf8');
}

interface Leaf {
  readonly path: string;
  readonly text: string;
}

function listLeaves(value: Metadata, path: readonly string[] = []): readonly Leaf[] {
  if (typeof value === 'string') return [{ path: path.join('.'), text: value }];
  if (Array.isArray(value)) return value.flatMap((item: Metadata) => listLeaves(item, path));
  return Object.entries(value).flatMap(([name, member]) => listLeaves(member, [...path, name]));
}

/** Every value of a VM that may not be in a fixture, and the parts of ids and lists. */
function listSecrets({ compute, network }: Vm): readonly string[] {
  const leaves = [...listLeaves(compute, ['compute']), ...listLeaves(network, ['network'])];
  const replaced = leaves.filter(({ path, text }) => KEPT_VALUES.get(path)?.test(text) !== true);
  const parts = replaced.flatMap(({ text }) => [text, ...text.split(/[/:; ]/)]);
  return [...new Set(parts)].filter((part) => part.length >= 4);
}

/** What Azure calls a member, a size, a system or a part of an id too, and two words of the emulator's authority and domain. */
const VOCABULARY = [
  'subscriptions',
  'resourcegroups',
  'providers',
  'microsoft.compute',
  'virtualmachines',
  'disks',
  'standard',
  'linux',
  'countersign',
  'test',
];

/** The words of every value; not those of the members, which are Azure's or ours. */
function listWords(fixture: string): string {
  const leaves = listLeaves(
    JSON.parse(fixture, (_, value: unknown) =>
      typeof value === 'object' && value !== null ? value : String(value),
    ) as Metadata,
  );
  return leaves.map(({ text }) => ` ${text.toLowerCase().replace(/[/:; ]/g, ' ')} `).join('\n');
}

/** What of a VM a fixture has after all: nothing. */
function findSecrets(vm: Vm, fixture: string): readonly string[] {
  const words = listWords(fixture);
  const secrets = listSecrets(vm).filter((secret) => !VOCABULARY.includes(secret.toLowerCase()));
  expect(secrets.length).toBeGreaterThan(10);
  return secrets.filter((secret) => words.includes(asPart(secret.toLowerCase())));
}

/** A key in base64 can have a short word by chance: that counts as a whole word alone. */
function asPart(secret: string): string {
  return secret.length < 8 ? ` ${secret} ` : secret;
}

test.each(BUILT_IN_VMS.map((vm) => [vm.name, vm] as const))('the fixture holds nothing of %s', async (name, vm) => {
  const fixture = await record(name);
  expect(findSecrets(vm, fixture)).toEqual([]);
  expect(fixture).not.toMatch(/secret@|proxy\.example/);
});

/** VMs as a vendor writes them. */
const foreignVms = await readVmFile(join(import.meta.dirname, '../../endToEnd/vms.json'));

test.each(foreignVms.map((vm) => [vm.name, vm] as const))('nor of %s of a vendor’s file', async (name, vm) => {
  expect(findSecrets(vm, await record(name, { vms: foreignVms }))).toEqual([]);
});

test.each(FAULT_NAMES)('with the fault %s it holds nothing of any VM', async (fault) => {
  const [foreign] = foreignVms;
  const [builtIn] = BUILT_IN_VMS;
  expect(findSecrets(builtIn, await record(builtIn.name, { faults: [fault] }))).toEqual([]);
  expect(findSecrets(foreign, await record(foreign.name, { faults: [fault], vms: foreignVms }))).toEqual([]);
});

/** What people choose: nothing that Azure has a word for. */
const chosen = fc.stringMatching(/^[a-z][a-z0-9]{7,15}(?:-[A-Z][a-z0-9]{5,9})?$/);
const uuid = fc.uuid();
const resource = fc
  .tuple(uuid, chosen, chosen)
  .map(
    ([subscription, group, name]) =>
      `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Compute/disks/${name}`,
  );
const address = fc.ipV4();
const anything: fc.Arbitrary<Metadata> = fc.letrec<{ tree: Metadata }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(chosen, uuid, resource, fc.ipV6(), fc.base64String({ minLength: 8 })),
    fc.array(tie('tree'), { maxLength: 3 }),
    fc.dictionary(chosen, tie('tree'), { maxKeys: 3 }),
  ),
})).tree;

const vms = fc.record({
  ids: fc.record({ vmId: uuid, subscriptionId: uuid }),
  names: fc.record({
    publisher: chosen,
    offer: chosen,
    sku: chosen,
    resourceGroupName: chosen,
    vmScaleSetName: chosen,
  }),
  plan: fc.record({ name: chosen, product: chosen, publisher: chosen }),
  tags: fc.dictionary(chosen, chosen, { maxKeys: 4 }),
  userData: fc.base64String({ minLength: 12 }),
  keyData: chosen,
  address,
  extra: fc.dictionary(chosen, anything, { maxKeys: 4 }),
  known: fc.dictionary(fc.constantFrom(...KEPT_NAMES), anything, { maxKeys: 6 }),
});

function toVm({
  ids,
  names,
  plan,
  tags,
  userData,
  keyData,
  extra,
  known,
  ...rest
}: typeof vms extends fc.Arbitrary<infer Value> ? Value : never): Vm {
  const publicKeys = [{ keyData: `ssh-rsa ${keyData}`, path: `/home/${keyData}/.ssh/authorized_keys` }];
  const ipv4 = { ipAddress: [{ privateIpAddress: rest.address, publicIpAddress: rest.address }] };
  const compute = { ...names, ...known, ...extra, plan, userData, publicKeys };
  const description: VmDescription = { name: 'searched', ...ids, tags, compute, network: { interface: [{ ipv4 }] } };
  return createVm(description);
}

/** Every run of characters that a person could recognise: eight and more. */
function listTokens(vm: Vm): readonly string[] {
  const leaves = [...listLeaves(vm.compute, ['compute']), ...listLeaves(vm.network, ['network'])];
  const named = leaves.flatMap(({ path, text }) => [...path.split('.').filter((name) => !KEPT_NAMES.has(name)), text]);
  return [...new Set(named.flatMap((text) => text.match(/[\w-]{8,}|(?:\d+\.){3}\d+/g) ?? []))];
}

test('whatever a VM is called and holds, its fixture has none of it', () => {
  fc.assert(
    fc.property(vms, (description) => {
      const vm = toVm(description);
      const tree = { compute: vm.compute, network: vm.network };
      const text = JSON.stringify(anonymise(tree, new StandIns(KEY))).toLowerCase();
      const kept = JSON.stringify(DEFAULTS).toLowerCase();
      const tokens = listTokens(vm).filter((token) => !kept.includes(token.toLowerCase()));
      expect(tokens.filter((token) => text.includes(token.toLowerCase()))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('nor has the whole fixture of a run', async () => {
  await fc.assert(
    fc.asyncProperty(vms, async (description) => {
      const vm = toVm(description);
      const fixture = (await record('searched', { vms: [vm] })).toLowerCase();
      const kept = JSON.stringify(DEFAULTS).toLowerCase();
      const tokens = listTokens(vm).filter((token) => !kept.includes(token.toLowerCase()) && token !== 'searched');
      expect(tokens.length).toBeGreaterThan(0);
      expect(tokens.filter((token) => fixture.includes(token.toLowerCase()))).toEqual([]);
    }),
    { numRuns: 20 },
  );
});

/** What stands in every VM that says nothing of itself. */
const DEFAULTS = createVm({ name: 'x', vmId: '', subscriptionId: '' });

test('a value has one stand-in wherever it is, with its form and its case', () => {
  const standIns = new StandIns(KEY);
  const [lower, upper, mixed] = ['contoso-gateway', 'CONTOSO-GATEWAY', 'Contoso-Gateway'].map((text) =>
    standIns.replace(text),
  );
  expect(lower).toMatch(/^[a-z]{7}-[a-z]{7}$/);
  expect(upper).toBe(lower?.toUpperCase());
  expect(mixed?.toLowerCase()).toBe(lower);
  expect(standIns.replace(`tag:contoso;x`).slice(4, 11)).toBe(lower?.slice(0, 7));
  expect(standIns.replace('02AAB8A4-74EF-476E-8182-F6D2BA4166A6')).toMatch(
    /^[0-9A-F]{8}-[0-9A-F]{4}-4[0-9A-F]{3}-8[0-9A-F]{3}-[0-9A-F]{12}$/,
  );
  expect(standIns.replace('10.1.0.4')).toBe('192.0.2.1');
  expect(standIns.replace('fd00::17')).toBe('2001:db8::2');
  expect(standIns.replace('10.1.0.4 10.1.0.5')).toBe('192.0.2.1 192.0.2.3');
  expect(standIns.replace('000D3AF806EC')).toMatch(/^[0-9A-F]{12}$/);
  expect(standIns.replace('Köln 東京 🎉')).toMatch(/^[A-Z]x[a-z]{2} xx _+$/);
  expect(standIns.replace('a'.repeat(500))).toHaveLength(64);
  expect(new StandIns().replace('contoso')).not.toBe(new StandIns().replace('contoso'));
});

test('no character of a letter or digit stays where it was', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[A-Za-z0-9]{1,40}$/), (text) => {
      const replaced = new StandIns(KEY).replace(text);
      expect(Array.from(text).filter((character, index) => replaced[index] === character)).toEqual([]);
    }),
  );
});

test('a resource id keeps Azure’s words at their places alone', () => {
  const id = '/subscriptions/disks/resourceGroups/providers/providers/Microsoft.Compute/virtualMachines/images';
  expect(anonymise(id, new StandIns(KEY))).toMatch(
    /^\/subscriptions\/(?!disks)[a-z]{5}\/resourceGroups\/(?!providers)[a-z]{9}\/providers\/Microsoft\.Compute\/virtualMachines\/(?!images)[a-z]{6}$/,
  );
});

test('what an answer has for a member name of every object is not taken for a rule', () => {
  const answer = {
    constructor: 'secret-value',
    compute: { toString: 'secret-value', hasOwnProperty: 5, zone: 3, vmSize: 'me@x' },
  };
  const text = JSON.stringify(anonymise(answer, new StandIns(KEY)));
  expect(text).not.toMatch(/secret|constructor|toString|hasOwn|me@x/);
  expect(text).toContain('"zone":3');
});

test.each(expectedDocuments())('of the genuine document $file the public parts are kept', ({ file, content }) => {
  const shape = JSON.stringify(describeShape(readSharedText('attested-documents', file).trim(), new StandIns(KEY)));
  const ids = [content['vmId'], content['subscriptionId']].filter((id) => typeof id === 'string');
  for (const id of ids.filter((each) => each !== '')) expect(shape.toLowerCase()).not.toContain(id.toLowerCase());
  expect(shape).toContain('"octets"');
});

test.skipIf(!hasShared)('the newest genuine document: its signer, its CA, its content’s shape', () => {
  const document = readSharedText('attested-documents', '19-public-2026-06-eastus-g2.b64').trim();
  expect(describeShape(document, new StandIns(KEY))).toMatchObject({
    certificates: [
      {
        names: ['eastus.metadata.azure.com', 'metadata.azure.com'],
        key: { type: 'rsa', bits: 2048, exponent: 65537 },
        purposes: ['1.3.6.1.5.5.7.3.1'],
        issuer: ['2.5.4.6=US', '2.5.4.10=Microsoft Corporation', '2.5.4.3=Microsoft TLS G2 RSA CA OCSP 02'],
      },
    ],
    content: { isCompact: true },
  });
});

test('of a CA that is not public neither words nor key are kept', async () => {
  const keys = runKeys('emulator');
  const domain = 'metadata.azure.com';
  const authority = await createAuthority({
    at: AT,
    keys,
    domain,
    names: { intermediate: 'Fabrikam Proxy Issuing CA 01' },
  });
  const leaf = await authority.issueLeaf({ region: 'secretsite' });
  const shape = describeCertificate(leaf.der, new StandIns(KEY));
  expect(shape).toMatchObject({ authorityKeyIdentifier: null, key: { type: 'rsa', bits: 2048 } });
  const text = JSON.stringify(shape);
  expect(text).toMatch(/2\.5\.4\.3=[A-Z][a-z]{7} [A-Z][a-z]{4} Issuing CA 01/);
  expect(text).toMatch(/"[a-z]{10}\.metadata\.azure\.com"/);
  expect(text).not.toMatch(/fabrikam|proxy|secretsite/i);
});
