import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { startStack } from '../../src/dev/stack.ts';
import { startPart } from '../../src/dev/startPart.ts';
import type { PartProgress } from '../../src/dev/startPart.ts';

const STORE = { part: 'store', name: 'store', advice: 'Run "npm ci" again.' } as const;

/** What is told, and a wait for a part that is slow. */
function listen() {
  const told: PartProgress[] = [];
  let announce: () => void = () => undefined;
  const slow = new Promise<void>((settle) => (announce = settle));
  const progress = (event: PartProgress): void => {
    told.push(event);
    if (event.state === 'slow') announce();
  };
  return { told, slow, progress };
}

test('a part that is slow is named, with what to do, and still comes up', async () => {
  const { told, slow, progress } = listen();
  const started = await startPart({ ...STORE, slowAfter: 1, progress }, async () => {
    await slow;
    return 'up';
  });
  expect(started).toBe('up');
  expect(told).toEqual([
    { part: 'store', state: 'starting' },
    { part: 'store', state: 'slow', seconds: 0.001, advice: 'Run "npm ci" again.' },
  ]);
});

test('a part that fails is named, with its reason and what to do', async () => {
  const { told, progress } = listen();
  const fails = () => Promise.reject(new Error('It ended with code 1.'));
  await expect(startPart({ ...STORE, progress }, fails)).rejects.toThrow(
    'The store did not start: It ended with code 1.\nRun "npm ci" again.',
  );
  expect(told).toEqual([{ part: 'store', state: 'starting' }]);
});

test('a service that does not start leads to its log, which says why', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-stack-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const log = join(folder, 'service.log');
  const starting = startStack({
    ...{ ports: { service: 0, imds: 0, table: 0 }, folder, progress: () => undefined },
    store: { connectionString: inject('azurite'), tablePrefix: 'failing' },
    settings: { ACCEPTED_CLOUDS: 'NoSuchCloud' },
  });
  await expect(starting).rejects.toThrow(/^The service did not start: /);
  await expect(starting).rejects.toThrow(`Read its log: ${log}`);
  expect(readFileSync(log, 'utf8')).toContain('ACCEPTED_CLOUDS');
});
