import { posix } from 'node:path';
import { expect, test } from 'vitest';
import { listImports, readSources } from '../support/sources.ts';

/** Who may import whom, inside the project. A folder may always import itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  verifier: ['contract'],
  trust: ['contract', 'verifier'],
  licensing: ['contract', 'trust/live'],
  tokens: ['contract'],
  service: ['contract', 'verifier', 'trust', 'licensing', 'tokens'],
  functions: ['service'],
  client: ['contract'],
  cli: ['contract', 'verifier', 'trust', 'tokens', 'service', 'licensing', 'dev/imds'],
  dev: ['contract', 'verifier', 'trust', 'licensing', 'tokens', 'service', 'functions', 'client', 'cli'],
};

/** Packages that only some places may import: a folder, or a file. Others may be imported by nobody but `dev`. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  pkijs: ['verifier/secondReading.ts', 'dev/imds'],
  asn1js: ['verifier/secondReading.ts', 'dev/imds'],
  '@peculiar/x509': ['trust', 'dev/imds'],
  'reflect-metadata': ['trust', 'dev/imds'],
  '@azure/data-tables': ['licensing'],
  '@azure/keyvault-keys': ['tokens'],
  '@azure/identity': ['service', 'cli'],
  '@azure/functions': ['functions', 'dev/functionsHost'],
  jose: ['tokens', 'client', 'dev', 'service'],
  zod: ['service', 'trust', 'licensing', 'tokens', 'cli', 'dev', 'verifier'],
  commander: ['cli'],
  '@commander-js/extra-typings': ['cli'],
  'csv-parse': ['service'],
  'csv-stringify': ['service'],
  croner: ['dev'],
  esbuild: ['dev'],
  azurite: ['dev'],
};

const sources = readSources('src/**/*.ts', 'functions/**/*.ts');

const placeOf = (path: string) => path.replace(/^src\//, '');
const folderOf = (place: string) => place.split('/')[0] ?? '';
const isIn = (place: string, area: string) => place === area || place.startsWith(`${area}/`);

function findBreach(path: string, specifier: string): string | null {
  const place = placeOf(path);
  if (specifier.startsWith('.')) {
    const target = placeOf(posix.join(posix.dirname(path), specifier));
    const allowed = [folderOf(place), ...(MAY_IMPORT[folderOf(place)] ?? [])];
    return allowed.some((area) => isIn(target, area)) ? null : `${path} may not import ${target}`;
  }
  if (specifier.startsWith('node:')) return null;
  const name = specifier.startsWith('@') ? specifier.split('/').slice(0, 2).join('/') : (specifier.split('/')[0] ?? '');
  const allowed = PACKAGES[name] ?? ['dev'];
  return allowed.some((area) => isIn(place, area)) ? null : `${path} may not import the package ${name}`;
}

test('every import is one that the architecture allows', () => {
  const breaches = sources.flatMap((source) =>
    listImports(source).map((specifier) => findBreach(source.path, specifier)),
  );
  expect(breaches.filter((breach) => breach !== null)).toEqual([]);
});

test('the table of imports itself finds a breach', () => {
  expect(findBreach('src/contract/codes.ts', '../tokens/challenges.ts')).toContain('may not import');
  expect(findBreach('src/trust/pins.ts', '../service/config.ts')).toContain('may not import');
  expect(findBreach('src/client/index.ts', 'zod')).toContain('may not import the package zod');
  expect(findBreach('src/verifier/der.ts', 'pkijs')).toContain('may not import the package pkijs');
});

test('the environment is read in few places', () => {
  const allowed = ['src/service/config.ts', 'src/cli/', 'src/dev/', 'src/client/agent'];
  const readers = sources.filter(({ text }) => text.includes('process.env')).map(({ path }) => path);
  expect(readers.filter((path) => !allowed.some((area) => path.startsWith(area)))).toEqual([]);
});

test('requests to other hosts are made in few places', () => {
  const allowed = ['src/client/', 'src/cli/', 'src/trust/', 'src/dev/', 'src/service/operatorKeySet.ts'];
  const callers = sources.filter(({ text }) => /\bfetch\(/.test(text)).map(({ path }) => path);
  expect(callers.filter((path) => !allowed.some((area) => path.startsWith(area)))).toEqual([]);
});

test('the contract imports nothing at run time', () => {
  const contract = sources.filter(({ path }) => path.startsWith('src/contract/'));
  const outside = contract.flatMap((source) => listImports(source).filter((specifier) => !specifier.startsWith('./')));
  expect(contract.length).toBeGreaterThan(0);
  expect(outside).toEqual([]);
});
