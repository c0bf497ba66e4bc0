import { expect, test } from 'vitest';
import type { FileFacts } from '../../../src/client/adapters.ts';
import { isKeyExposed, judgeFile, judgeFolder } from '../../../src/client/folder/judge.ts';

const US = { uid: 1000 };
const WINDOWS = { uid: undefined };
const facts = (more: Partial<FileFacts>): FileFacts => ({
  ...{ kind: 'folder', uid: 1000, mode: 0o700, size: 0, modifiedAt: 0 },
  ...more,
});

test.each<[Partial<FileFacts>, string | undefined]>([
  [{}, undefined],
  [{ mode: 0o755 }, undefined],
  [{ uid: 0 }, undefined],
  [{ uid: 1001 }, 'folder_exposed'],
  [{ mode: 0o720 }, 'folder_exposed'],
  [{ mode: 0o702 }, 'folder_exposed'],
  [{ mode: 0o1777 }, 'folder_exposed'],
  [{ kind: 'link' }, 'folder_unusable'],
  [{ kind: 'file' }, 'folder_unusable'],
  [{ kind: 'other' }, 'folder_unusable'],
])('a folder with %j: %s', (more, code) => {
  expect(judgeFolder(facts(more), US)?.code).toBe(code);
});

test('a root does not take what another user can change', () => {
  expect(judgeFolder(facts({ uid: 1000 }), { uid: 0 })?.code).toBe('folder_exposed');
});

test('Windows has neither owner nor mode, but links', () => {
  expect(judgeFolder(facts({ uid: 7, mode: 0o777 }), WINDOWS)).toBeUndefined();
  expect(judgeFolder(facts({ kind: 'link' }), WINDOWS)?.code).toBe('folder_unusable');
  expect(isKeyExposed(facts({ kind: 'file', mode: 0o666 }), WINDOWS)).toBe(false);
});

test.each<[Partial<FileFacts>, string | undefined]>([
  [{ mode: 0o644 }, undefined],
  [{ uid: 1001 }, 'folder_exposed'],
  [{ mode: 0o662 }, 'folder_exposed'],
  [{ kind: 'folder' }, 'folder_unusable'],
  [{ kind: 'other' }, 'folder_unusable'],
])('a file with %j: %s', (more, code) => {
  const judge = () => {
    judgeFile(facts({ kind: 'file', mode: 0o600, ...more }), US);
  };
  if (code === undefined) expect(judge).not.toThrow();
  else expect(judge).toThrow(expect.objectContaining({ code }));
});

test.each<[Partial<FileFacts>, boolean]>([
  [{}, false],
  [{ uid: 0 }, false],
  [{ mode: 0o640 }, true],
  [{ mode: 0o604 }, true],
  [{ mode: 0o622 }, true],
  [{ uid: 1001 }, true],
])('a key with %j is exposed: %s', (more, exposed) => {
  expect(isKeyExposed(facts({ kind: 'file', mode: 0o600, ...more }), US)).toBe(exposed);
});

test('a key that is no file is none', () => {
  expect(() => isKeyExposed(facts({ kind: 'link' }), US)).toThrow(expect.objectContaining({ code: 'folder_unusable' }));
});
