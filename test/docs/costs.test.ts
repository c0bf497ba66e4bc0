import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { MEASURED } from '../bench/money/measured.ts';
import { TABLES } from '../bench/money/tables.ts';
import { createKey } from '../endToEnd/protocolClient.ts';
import { startVault } from '../support/keyVault.ts';
import { DAY } from '../support/licensing.ts';
import { LOADED_AT, useScenes } from '../support/serviceScene.ts';

const PAGE = readFileSync(join(import.meta.dirname, '../../docs/costs.md'), 'utf8');

const createScene = useScenes();

test('what the page calculates with is what the service takes', async () => {
  const vault = await startVault();
  vault.now = () => LOADED_AT;
  vault.addVersion({ created: LOADED_AT - DAY });
  const scene = await createScene({ vault });
  const key = createKey();
  const measure = async (vm: string) => {
    const [lines, sent] = [scene.log().length, vault.requests.length];
    scene.proxy.requests.length = 0;
    await scene.boot(vm, { key });
    const log = scene.log().slice(lines);
    return {
      requests: 2,
      storeCalls: scene.proxy.requests.length,
      logLines: log.length,
      logOctets: Math.ceil(Buffer.byteLength(withTimes(log.join('\n'))) / 50) * 50,
      signatures: vault.requests.slice(sent).filter((request) => request.includes('/sign 200')).length,
    };
  };
  await measure('fleet-1');
  expect({
    'first boot': await measure('fleet-2'),
    renewal: await measure('fleet-2'),
    'licence refused': await measure('unknown-plan'),
    'evidence refused': await measure('altered-content'),
  }).toEqual(MEASURED);
});

test('the tables of the page are calculated', () => {
  const shown = new Map(
    [...PAGE.matchAll(/^<!-- table: (\w+) -->\n\n((?:\|.*\n)+)/gm)].map(([, name = '', rows = '']) => [
      name,
      cells(rows),
    ]),
  );
  expect(Object.fromEntries(shown)).toEqual(
    Object.fromEntries(Object.entries(TABLES).map(([name, table]) => [name, cells(table())])),
  );
});

/** Times of two digits, as they most often are, whatever this run took. */
function withTimes(log: string): string {
  return log.replace(/("(?:ms|storeMs|signerMs)":)\d+/g, '$110');
}

/** What stands in the cells, whatever their width. */
function cells(rows: string): string[][] {
  const lines = rows
    .trim()
    .split('\n')
    .map((row) =>
      row
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  return lines.filter(([, second = '']) => !/^:?-+:?$/.test(second));
}
