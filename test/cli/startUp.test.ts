import { build } from 'esbuild';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';

/** Packages that take tens of milliseconds to load, and which few commands need. The help of `imds` lists the faults, so it needs some. */
const SLOW = /^(?:@azure\/|pkijs|asn1js|@peculiar\/|reflect-metadata|zod|jose)/;

const ROOT = resolve(import.meta.dirname, '../..');

const { outputs } = await buildCommandLine();

async function buildCommandLine() {
  const { metafile } = await build({
    entryPoints: [join(ROOT, 'src/cli/main.ts')],
    ...{ bundle: true, splitting: true, packages: 'external', metafile: true, write: false },
    ...{ format: 'esm', platform: 'node', outdir: 'out', absWorkingDir: ROOT, logLevel: 'silent' },
  });
  return metafile;
}

/** Packages that are loaded as soon as the chunk is. */
function packagesOf(chunk: string): readonly string[] {
  const { imports = [] } = outputs[chunk] ?? {};
  return imports
    .filter(({ kind }) => kind === 'import-statement')
    .flatMap(({ path, external }) => (external === true ? [path] : packagesOf(path)));
}

function chunkOf(source: string): string {
  const found = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === source);
  if (found === undefined) throw new Error(`${source} is not loaded on demand.`);
  return found[0];
}

test.each([
  'main',
  ...['documents/verify', 'documents/explain', 'trust/trust', 'sold/apply', 'sold/licences', 'look/usage'].map(
    (name) => `commands/${name}`,
  ),
])('src/cli/%s.ts loads nothing slow before its action runs', (name) => {
  expect(packagesOf(chunkOf(`src/cli/${name}.ts`)).filter((path) => SLOW.test(path))).toEqual([]);
});

test.each(['sold/offers', 'vms/activations', 'look/decisions', 'privacy', 'trust/keys'])(
  '%s loads nothing slow at all',
  (name) => {
    const reach = (chunk: string): readonly string[] => [
      chunk,
      ...(outputs[chunk]?.imports ?? []).flatMap(({ path, external }) => (external === true ? [path] : reach(path))),
    ];
    // Signing in with "az login" loads the first of these; signing a key set needs the other.
    const needed = name === 'trust/keys' ? ['@azure/identity', 'jose'] : ['@azure/identity'];
    const slow = reach(chunkOf(`src/cli/commands/${name}.ts`)).filter((path) => SLOW.test(path));
    expect(slow.filter((path) => !needed.includes(path))).toEqual([]);
  },
);

test('the check finds a slow package', () => {
  expect(packagesOf(chunkOf('src/cli/commands/documents/verifyBatch.ts'))).toContain('zod');
});
