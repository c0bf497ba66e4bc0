import { posix } from 'node:path';
import { expect, test } from 'vitest';
import { findCircles } from '../support/circles.ts';
import type { Edge } from '../support/circles.ts';
import { listImports, readSources } from '../support/sources.ts';

/** Which folders each folder may import. A folder may always import itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  contract: [],
  verifier: ['contract'],
  trust: ['contract', 'verifier'],
  tokens: ['contract'],
  catalogue: ['contract'],
  seats: ['contract', 'catalogue'],
  decisions: ['contract', 'catalogue'],
  usage: ['contract', 'catalogue'],
  views: ['contract', 'catalogue', 'seats', 'decisions'],
  backup: ['contract', 'catalogue', 'tokens', 'trust'],
  http: ['contract'],
  tables: ['contract', 'catalogue', 'seats', 'usage', 'decisions', 'views', 'backup', 'tokens', 'trust', 'http'],
  vm: ['contract', 'http', 'verifier', 'trust', 'tokens', 'catalogue', 'seats', 'usage', 'decisions'],
  operators: [
    'contract',
    'http',
    'verifier',
    'trust',
    'tokens',
    'catalogue',
    'seats',
    'usage',
    'decisions',
    'views',
    'backup',
  ],
  app: [
    ...[
      'contract',
      'http',
      'verifier',
      'trust',
      'tokens',
      'catalogue',
      'seats',
      'usage',
      'decisions',
      'views',
      'tables',
    ],
    ...['vm', 'operators', 'backup'],
  ],
  functions: ['app'],
  // Without a package: hooks run where none is installed.
  infra: ['contract'],
  client: ['contract'],
  console: ['contract'],
  cli: ['contract', 'verifier', 'trust', 'tokens', 'emulator', 'client', 'catalogue', 'backup'],
  emulator: ['contract', 'verifier'],
  dev: [
    ...[
      'contract',
      'http',
      'verifier',
      'trust',
      'tokens',
      'catalogue',
      'seats',
      'usage',
      'decisions',
      'views',
      'tables',
    ],
    ...['vm', 'operators', 'app', 'functions', 'client', 'cli', 'emulator', 'console'],
  ],
};

/** Inside two folders that have folders of their own: which of those each may import. Their root may import all of them. */
const MAY_IMPORT_INSIDE: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  operators: {
    access: [],
    edge: ['access'],
    writes: ['edge'],
    vms: ['edge', 'writes'],
    sold: ['edge', 'writes', 'vms'],
    look: ['edge', 'vms'],
    changes: ['edge'],
    trust: ['edge', 'writes', 'changes'],
    privacy: ['edge', 'writes', 'vms', 'look', 'changes'],
    backup: ['edge', 'writes', 'changes'],
    console: [],
  },
  tables: {
    kit: [],
    catalogue: ['kit'],
    seats: ['kit'],
    decisions: ['kit'],
    trust: ['kit'],
    views: ['kit', 'catalogue'],
    backup: ['kit', 'catalogue', 'seats', 'decisions', 'trust'],
  },
};

/** The folders and files that may import a package. One that is not listed may be imported by `dev` alone. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  pkijs: ['verifier/secondReading.ts', 'emulator'],
  asn1js: ['verifier/secondReading.ts', 'emulator'],
  // By this name in package.json: `verifier/secondReading.ts`, a file of its own in what is deployed.
  '#second-reading': ['verifier/secondReader.ts'],
  // The console’s files, which the build writes.
  '#console-files': ['operators/console/readFiles.ts'],
  '@peculiar/x509': ['trust', 'emulator'],
  'reflect-metadata': ['trust', 'emulator'],
  '@azure/data-tables': ['tables'],
  '@azure/keyvault-keys': ['tokens'],
  '@azure/identity': ['app', 'cli'],
  '@azure/functions': ['functions', 'dev/functionsHost'],
  jose: ['operators', 'emulator', 'dev'],
  zod: [
    'contract/operators',
    'app',
    'vm',
    'http',
    'operators',
    'catalogue',
    'tables',
    'tokens',
    'cli',
    'emulator',
    'dev',
    'backup',
  ],
  commander: ['cli'],
  '@commander-js/extra-typings': ['cli'],
  'csv-parse': ['catalogue'],
  'csv-stringify': ['catalogue'],
  preact: ['console'],
  oauth4webapi: ['console'],
  croner: ['dev'],
  esbuild: ['dev'],
  azurite: ['dev'],
};

const sources = readSources('src/**/*.ts', 'src/**/*.tsx', 'functions/**/*.ts', 'infra/**/*.ts');

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

function findInnerBreach({ from, to }: Edge): string | null {
  const [area = '', inner = ''] = posix.dirname(from).split('/');
  const rules = MAY_IMPORT_INSIDE[area];
  if (rules === undefined || inner === '' || !isIn(to, area)) return null;
  const target = posix.dirname(to).split('/')[1] ?? '';
  return [inner, ...(rules[inner] ?? [])].includes(target) ? null : `${from} may not import ${to}`;
}

test('inside operators and tables, too, every import is one that the architecture allows', () => {
  expect(EDGES.map(findInnerBreach).filter((breach) => breach !== null)).toEqual([]);
  for (const [area, rules] of Object.entries(MAY_IMPORT_INSIDE)) {
    const folders = new Set(sources.map(({ path }) => placeOf(path)).filter((place) => isIn(place, area)));
    const inner = [...folders].map((place) => place.split('/').slice(1, -1)[0]).filter((name) => name !== undefined);
    expect([...new Set(inner)].toSorted()).toEqual(Object.keys(rules).toSorted());
  }
  expect(findInnerBreach({ from: 'tables/kit/rows.ts', to: 'tables/seats/seatRow.ts' })).toContain('may not import');
  expect(findInnerBreach({ from: 'operators/edge/route.ts', to: 'operators/routes.ts' })).toContain('may not import');
});

test('the client imports no schema of operators’ objects', () => {
  const client = sources.filter(({ path }) => path.startsWith('src/client/'));
  const found = client.flatMap((source) => listImports(source).filter((name) => name.includes('contract/operators')));
  expect(client.length).toBeGreaterThan(0);
  expect(found).toEqual([]);
});

/** Imports that stay when types are stripped. */
const VALUE_IMPORT = /^(?:import|export)(?! type\b)[^;]*?from '(?<specifier>[^']+)'/gm;

test('the console has of the operators’ objects the types alone', () => {
  const files = sources.filter(({ path }) => path.startsWith('src/console/'));
  const found = files.flatMap(({ text }) => Array.from(text.matchAll(VALUE_IMPORT), (match) => match[1] ?? ''));
  expect(files.length).toBeGreaterThan(0);
  expect(found.length).toBeGreaterThan(0);
  expect(found.filter((name) => name.includes('contract/operators'))).toEqual([]);
});

test('the table of imports itself finds a breach', () => {
  expect(findBreach('src/contract/codes.ts', '../tokens/challenges.ts')).toContain('may not import');
  expect(findBreach('src/trust/pins.ts', '../service/config.ts')).toContain('may not import');
  expect(isContract('src/contract/operators/offer.ts', '../../tokens/keySet.ts')).toBe(false);
  for (const path of ['src/verifier/der.ts', 'src/trust/pin.ts', 'src/client/index.ts'])
    expect(findBreach(path, 'zod')).toContain('may not import the package zod');
  expect(findBreach('src/verifier/der.ts', 'pkijs')).toContain('may not import the package pkijs');
});

test('the environment is read in few places', () => {
  const allowed = ['src/app/config.ts', 'src/cli/', 'src/dev/', 'src/client/agent', 'infra/hooks/tools.ts'];
  const readers = sources.filter(({ text }) => text.includes('process.env')).map(({ path }) => path);
  expect(readers.filter((path) => !allowed.some((area) => path.startsWith(area)))).toEqual([]);
});

test('requests to other hosts are made in few places', () => {
  const allowed = [
    'src/client/',
    'src/cli/',
    'src/console/',
    'src/trust/',
    'src/dev/',
    'src/operators/access/operatorKeySet.ts',
    'src/app/platformIdentity.ts',
    'infra/hooks/postdeploy.ts',
  ];
  const callers = sources.filter(({ text }) => /\bfetch\(/.test(text)).map(({ path }) => path);
  expect(callers.filter((path) => !allowed.some((area) => path.startsWith(area)))).toEqual([]);
});

function isContract(path: string, specifier: string): boolean {
  return specifier.startsWith('.') && isIn(posix.join(posix.dirname(path), specifier), 'src/contract');
}

test('the contract imports nothing, and its schemas of operators’ objects zod alone', () => {
  const contract = sources.filter(({ path }) => path.startsWith('src/contract/'));
  const outside = contract.flatMap((source) =>
    listImports(source)
      .filter((specifier) => !isContract(source.path, specifier))
      .filter((specifier) => specifier !== 'zod' || !source.path.startsWith('src/contract/operators/')),
  );
  expect(contract.length).toBeGreaterThan(0);
  expect(outside).toEqual([]);
});

/** What a file imports of the project, types too. */
const EDGES: readonly Edge[] = sources.flatMap((source) =>
  listImports(source)
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => ({
      from: placeOf(source.path),
      to: placeOf(posix.join(posix.dirname(source.path), specifier)),
    })),
);

test('no files import each other in a circle, not even for types', () => {
  expect(EDGES.length).toBeGreaterThan(500);
  expect(findCircles(EDGES)).toEqual([]);
});

test('no folders import each other in a circle', () => {
  const ofFolders = EDGES.map(({ from, to }) => ({ from: posix.dirname(from), to: posix.dirname(to) }));
  expect(
    findCircles(ofFolders.map(({ from, to }) => ({ from: folderOf(from), to: folderOf(to) })).filter(isOutward)),
  ).toEqual([]);
  // A folder and the folders in it are one thing: they may use each other.
  expect(findCircles(ofFolders.filter(isOutward))).toEqual([]);
});

const isOutward = ({ from, to }: Edge) => !isIn(from, to) && !isIn(to, from);

test('the search for circles finds them, and each once', () => {
  const edges = (...pairs: string[]) => pairs.map((pair) => ({ from: pair[0] ?? '', to: pair[1] ?? '' }));
  expect(findCircles(edges('ab', 'bc', 'ac', 'dc'))).toEqual([]);
  expect(findCircles(edges('ab', 'ba'))).toEqual([['a', 'b']]);
  expect(findCircles(edges('ab', 'bc', 'cd', 'db', 'ef', 'fe', 'xe'))).toEqual([
    ['b', 'c', 'd'],
    ['e', 'f'],
  ]);
});
