import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, onTestFinished, test, vi } from 'vitest';
import { runCommandLine } from '../../../../src/cli/runCommandLine.ts';
import { recordIo } from '../../recordIo.ts';

const folder = mkdtempSync(join(tmpdir(), 'countersign-import-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
afterEach(() => {
  vi.useRealTimers();
});

const COUNTS = { created: 1, updated: 0, unchanged: 0 };
const ANSWER = JSON.stringify({ dryRun: false, offers: COUNTS, licences: COUNTS });

async function listen(serve: RequestListener): Promise<string> {
  const server = createServer(serve);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A service that takes ten seconds for what it writes, on the command's clock alone. */
async function importSlowly(...options: string[]) {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  let clock = 0;
  const url = await listen((request, response) => {
    const seconds = request.url?.includes('dryRun=true') === true ? 0 : 10;
    for (let second = 0; second < seconds; second += 1) {
      clock += 1_000;
      vi.advanceTimersByTime(1_000);
    }
    response.end(ANSWER);
  });
  writeFileSync(join(folder, 'good.csv'), 'id\nx\n');
  const env = { COUNTERSIGN_URL: url, COUNTERSIGN_TOKEN: 'x' };
  const io = recordIo([], { directory: folder, env, now: () => clock });
  const code = await runCommandLine(['licences', 'import', 'good.csv', ...options], io);
  return { code, ...io.written };
}

test('while the service writes, the command says for how long, and is silent afterwards', async () => {
  const { code, out, complaints } = await importSlowly();
  expect({ code, out }).toMatchObject({ code: 0, out: expect.not.stringContaining(' s\n') as string });
  expect(complaints).toMatch(/writing 1 new and 0 changed licences …\nwaiting for the service …\n… 5 s\n… 10 s\n$/);
  expect(vi.getTimerCount()).toBe(0);
});

test('with --json there is one JSON value, and nothing else anywhere', async () => {
  const { out, complaints } = await importSlowly('--json');
  expect(JSON.parse(out)).toEqual(JSON.parse(ANSWER));
  expect(complaints).toBe('');
});

test('a file in another encoding is refused before anything is sent', async () => {
  const octets = Buffer.from('id,note\nx,caf\u00e9\n', 'latin1');
  writeFileSync(join(folder, 'other.csv'), octets);
  writeFileSync(join(folder, 'other.json'), octets);
  const env = { COUNTERSIGN_URL: 'http://127.0.0.1:9', COUNTERSIGN_TOKEN: 'x' };
  for (const [args, name] of [
    [['licences', 'import', 'other.csv'], 'other.csv'],
    [['licences', 'import', '-'], 'standard input'],
    [['apply', 'other.json'], 'other.json'],
  ] as const) {
    const io = recordIo([octets], { directory: folder, env });
    expect(await runCommandLine(args, io)).toBe(1);
    expect(io.written.complaints).toContain(`${name} is neither UTF-8 nor UTF-16. Save it as UTF-8`);
  }
});

test.each([
  ['UTF-8', Buffer.from('id,note\nx,caf\u00e9\n')],
  ['UTF-8 with a mark', Buffer.from('\ufeffid,note\nx,caf\u00e9\n')],
  ['UTF-16 LE with a mark', Buffer.from('\ufeffid,note\nx,caf\u00e9\n', 'utf16le')],
  ['UTF-16 LE without one', Buffer.from('id,note\nx,caf\u00e9\n', 'utf16le')],
  ['UTF-16 BE with a mark', Buffer.from('\ufeffid,note\nx,caf\u00e9\n', 'utf16le').swap16()],
])('a file in %s is sent as UTF-8', async (_, octets) => {
  const sent: string[] = [];
  const url = await listen((request, response) => {
    request.setEncoding('utf8').on('data', (text: string) => sent.push(text));
    request.on('end', () => response.end(ANSWER));
  });
  writeFileSync(join(folder, 'note.csv'), octets);
  const io = recordIo([], { directory: folder, env: { COUNTERSIGN_URL: url, COUNTERSIGN_TOKEN: 'x' } });
  expect(await runCommandLine(['licences', 'import', 'note.csv', '--dry-run'], io)).toBe(0);
  expect(sent).toEqual(['id,note\nx,caf\u00e9\n']);
  expect(io.written.complaints).toBe('2 lines read; the service checks them …\n');
});
