import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CLIENT_CODES, LICENCE_STATES } from '../../src/client/index.ts';
import * as client from '../../src/client/index.ts';
import * as codes from '../../src/contract/codes.ts';
import { CLIENT_NAME } from '../../src/client/version.ts';

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
}

function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as Manifest;
}

test('the exports are these', () => {
  expect(Object.keys(client).sort()).toEqual([
    'CLIENT_CODES',
    'ClientError',
    'LICENCE_STATES',
    'checkLicence',
    'createLicenceClient',
    'createOfflineRequest',
    'importOfflineLicence',
  ]);
});

test('the states are those of the protocol', () => {
  expect(LICENCE_STATES).toEqual([
    'licensed',
    'grace',
    'denied',
    'refused',
    'not_in_azure',
    'unreachable',
    'misconfigured',
  ]);
});

test("no code of the client is one of the service's", () => {
  const theirs = new Set(Object.values(codes).flat());
  expect(theirs.size).toBeGreaterThan(40);
  expect(CLIENT_CODES.filter((code) => theirs.has(code as never))).toEqual([]);
});

test('the package depends on nothing, and says its own name', () => {
  const { name, version, dependencies } = readManifest('../../src/client/package.json');
  expect(dependencies).toBeUndefined();
  expect(CLIENT_NAME).toBe(`${name}/${version}`);
});
