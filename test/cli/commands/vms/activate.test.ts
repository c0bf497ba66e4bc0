import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { checkLicence, createOfflineRequest, importOfflineLicence } from '../../../../src/client/index.ts';
import type { ClientOptions } from '../../../../src/client/index.ts';
import type { OperatorRole } from '../../../../src/operators/access/roles.ts';
import { createKey, readPayload, writeRequestFile } from '../../../endToEnd/protocolClient.ts';
import { useStack } from '../../../operators/useStack.ts';
import { runIn } from '../../documentFiles.ts';
import type { RunOptions } from '../../documentFiles.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-activate-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const stack = useStack();
const VM = '11111111-0000-4000-8000-000000000002';

const write = (name: string, content: string | Uint8Array) => {
  writeFileSync(join(folder, name), content);
};
const read = (name: string) =>
  JSON.parse(readFileSync(join(folder, name), 'utf8')) as { readonly licence: string; readonly keySet: string };

function run(args: readonly string[], { as = 'Operator', ...options }: RunOptions & { as?: OperatorRole } = {}) {
  const env = { COUNTERSIGN_URL: stack().serviceUrl, COUNTERSIGN_TOKEN: stack().operatorTokens[as] };
  return runIn(folder, ['activate', ...args], { env, now: Date.now(), ...options });
}

beforeAll(async () => {
  const { serviceUrl: issuer, imdsUrl } = stack();
  const key = createKey();
  const file = (vm: string) => writeRequestFile({ issuer, imdsUrl, vm, key, product: 'contoso/gateway' });
  write('request.json', JSON.stringify(await file('second'), null, 2));
  write('small.json', JSON.stringify({ ...(await file('small-2')), offer: 'contoso/gateway/\u202etxt' }));
});

test('from a VM that never reaches the service, by two files and one command, to a licence in hand', async () => {
  const { serviceUrl: issuer, imdsUrl, rootKeys } = stack();
  const fetch = vi.fn(() => Promise.reject(new Error('no way out')));
  const options: ClientOptions = {
    ...{ issuer, product: 'contoso/gateway', folder: join(folder, 'vm'), once: true },
    ...{ imdsUrl: `${imdsUrl}/vms/licensed-2`, trust: { rootKeys }, adapters: { fetch } },
  };
  const written = await createOfflineRequest(options);
  if (!written.written) throw new Error(written.reason);
  write('to-vendor.json', JSON.stringify(written.request));
  expect((await run(['to-vendor.json', '--out', 'to-vm.json'])).code).toBe(0);
  const imported = await importOfflineLicence(options, readFileSync(join(folder, 'to-vm.json')));
  expect(imported).toMatchObject({ imported: true, licence: { id: 'http-standard', vmId: written.vmId } });
  expect(await checkLicence(options)).toMatchObject({ state: 'licensed', licence: { features: { nodes: 16 } } });
  expect(fetch).not.toHaveBeenCalled();
});

test('it says whose request it is, writes the licence and says what to do next', async () => {
  const { code, out, complaints } = await run(['request.json', '--out', 'licence.json']);
  expect(code).toBe(0);
  expect(complaints).toMatch(
    new RegExp(`^Request of \\S+Z: VM "${VM}", plan "contoso/GATEWAY/standard", product "contoso/gateway"\\.$`, 'm'),
  );
  expect(out).toMatch(new RegExp(`^ {2}vmId +${VM}$`, 'm'));
  expect(out).toMatch(/^ {2}plan +contoso\/gateway\/standard$/m);
  expect(out).toContain(
    'licence.json written. Take it to the VM, and run there: countersign-agent import licence.json\n',
  );
  const { licence, keySet } = read('licence.json');
  expect(readPayload(licence)).toMatchObject({ sub: `urn:azure:vm:${VM}`, aud: 'contoso/gateway' });
  expect(readPayload(keySet)).toMatchObject({ iss: stack().serviceUrl });
});

test('without --out the licence is the output, and everything else goes elsewhere', async () => {
  const first = await run(['request.json']);
  const piped = await run(['-', '--json'], { stdin: readFileSync(join(folder, 'request.json')) });
  expect([first.code, piped.code, piped.complaints]).toEqual([0, 0, '']);
  for (const { out } of [first, piped]) {
    const { licence } = JSON.parse(out) as { readonly licence: string };
    expect(readPayload(licence)).toMatchObject({ sub: `urn:azure:vm:${VM}` });
  }
  const told = await run(['request.json', '--out', 'again.json', '--json']);
  expect(told.complaints).toBe('');
  expect(JSON.parse(told.out)).toMatchObject({ file: 'again.json', vmId: VM, licence: 'http-standard' });
  expect(readPayload(read('again.json').licence)).toEqual(readPayload(read('licence.json').licence));
});

test('a file that Windows saved is read', async () => {
  const text = readFileSync(join(folder, 'request.json'), 'utf8');
  write('utf16.json', Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(text, 'utf16le')]));
  expect((await run(['utf16.json', '--out', 'windows.json'])).code).toBe(0);
});

test('a refusal is exit code 2, and no file is written', async () => {
  const refused = await run(['small.json', '--out', 'none.json']);
  expect([refused.code, refused.out]).toEqual([2, '']);
  expect(refused.complaints).toContain('offline_not_allowed: ');
  expect(refused.complaints).toContain('offer "contoso/gateway/?txt"');
  expect(() => read('none.json')).toThrow('ENOENT');
  const reader = await run(['request.json'], { as: 'Reader' });
  expect([reader.code, reader.complaints]).toEqual([2, expect.stringContaining('role_missing')]);
});

test.each([
  ['{}', 'is not the request of a VM. Write one on the VM: countersign-agent request --out FILE'],
  ['null', 'is not the request of a VM'],
  ['{"document":null,"proof":"x"}', 'is not the request of a VM'],
  ['{"proof":1,"proof":2}', 'cannot be read as JSON'],
  ['x'.repeat(70_000), 'is larger than 64 KiB'],
])('a file with %.20s is told to be none', async (content, complaint) => {
  write('wrong.json', content);
  const { code, out, complaints } = await run(['wrong.json']);
  expect([code, out]).toEqual([1, '']);
  expect(complaints).toContain(complaint);
});

test('the request is not written over', async () => {
  const { code, complaints } = await run(['request.json', '--out', 'request.json']);
  expect([code, complaints]).toEqual([1, expect.stringContaining('which is an input')]);
});
