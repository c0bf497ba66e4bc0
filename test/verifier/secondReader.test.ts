import { afterEach, expect, test, vi } from 'vitest';
import { provideSecondReader } from '../../src/verifier/secondReader.ts';
import { findReadingDifference } from '../../src/verifier/secondReading.ts';
import { createScene, createTrust, judge } from './scene.ts';

afterEach(() => {
  provideSecondReader(findReadingDifference);
});

test('the reader is loaded once, by the name that package.json resolves', async () => {
  const asked: string[] = [];
  vi.doMock('node:module', () => ({
    createRequire: () => (name: string) => {
      asked.push(name);
      return { findReadingDifference };
    },
  }));
  vi.resetModules();
  const { loadSecondReader } = await import('../../src/verifier/secondReader.ts');
  expect(loadSecondReader()).toBe(findReadingDifference);
  expect(loadSecondReader()).toBe(findReadingDifference);
  expect(asked).toEqual(['#second-reading']);
  vi.doUnmock('node:module');
});

test('a reader that a program provides is the one that is asked, and it alone decides', async () => {
  const scene = await createScene();
  provideSecondReader(() => 'serial number');
  expect(judge(scene, { evidence: scene.genuine }, createTrust(scene))).toMatchObject({
    accepted: false,
    code: 'readings_differ',
  });
  provideSecondReader(() => null);
  expect(judge(scene, { evidence: scene.genuine }, createTrust(scene))).toMatchObject({ accepted: true });
});

test('a reader that fails is no verdict: the error passes, and the leaf is not known', async () => {
  const scene = await createScene();
  const trust = createTrust(scene);
  provideSecondReader(() => {
    throw new Error('not loaded');
  });
  expect(() => judge(scene, { evidence: scene.genuine }, trust)).toThrow('not loaded');
  expect(trust.verifiedLeaves.size).toBe(0);
});
