import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { buildPackage } from '../../../src/dev/build.ts';
import { createSbom } from '../../../src/dev/appPackage/sbom.ts';
import { PROJECT, writeApp } from '../functionsHost/appFolder.ts';

const SHA256 = 'ab'.repeat(32);

function versionOf(name: string): string {
  return (JSON.parse(readFileSync(join(PROJECT, 'node_modules', name, 'package.json'), 'utf8')) as { version: string })
    .version;
}

function hexOf(name: string): string {
  const { packages } = JSON.parse(readFileSync(join(PROJECT, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { integrity: string }>;
  };
  const [, digest = ''] = packages[`node_modules/${name}`]?.integrity.split('sha512-') ?? [];
  return Buffer.from(digest, 'base64').toString('hex');
}

test('the bill of materials names what was bundled, with version, licence, digest and what needs it', () => {
  const sources = {
    'functions/routes.ts': ['src/app/service.ts', 'node_modules/@azure/data-tables/dist/index.js'],
    'src/app/service.ts': ['node_modules/zod/index.js'],
    'node_modules/@azure/data-tables/dist/index.js': [
      'node_modules/tslib/tslib.es6.js',
      'node_modules/@azure/data-tables/dist/more.js',
    ],
    'node_modules/@azure/data-tables/dist/more.js': ['node_modules/tslib/tslib.es6.js'],
    'node_modules/zod/index.js': [],
    'node_modules/tslib/tslib.es6.js': [],
  };
  const sbom = JSON.parse(createSbom({ root: PROJECT, sources, version: '1.2.3', sha256: SHA256 })) as unknown;
  const [tables, tslib, zod] = ['@azure/data-tables', 'tslib', 'zod'].map(
    (name) => `pkg:npm/${name.replace('@', '%40')}@${versionOf(name)}`,
  );
  const component = (name: string, purl: string | undefined, id: string) => {
    const [group, own] = name.startsWith('@') ? name.split('/') : [undefined, name];
    return {
      ...{
        type: 'library',
        'bom-ref': purl,
        ...(group !== undefined && { group }),
        name: own,
        version: versionOf(name),
      },
      ...{ hashes: [{ alg: 'SHA-512', content: hexOf(name) }], licenses: [{ license: { id } }], purl },
    };
  };
  expect(sbom).toEqual({
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: 'urn:uuid:abababab-abab-8bab-abab-abababababab',
    version: 1,
    metadata: {
      component: {
        ...{ type: 'application', 'bom-ref': 'countersign', name: 'countersign', version: '1.2.3' },
        hashes: [{ alg: 'SHA-256', content: SHA256 }],
        licenses: [{ license: { id: 'MIT' } }],
      },
    },
    components: [
      component('@azure/data-tables', tables, 'MIT'),
      component('tslib', tslib, '0BSD'),
      component('zod', zod, 'MIT'),
    ],
    dependencies: [
      { ref: 'countersign', dependsOn: [tables, zod] },
      { ref: tables, dependsOn: [tslib] },
      { ref: tslib, dependsOn: [] },
      { ref: zod, dependsOn: [] },
    ],
  });
});

test('what this project deploys has libraries of the service, its second reader and its console, and no tool', async () => {
  const { sources } = await buildPackage({ outDir: join(writeApp({}), 'out') });
  const { components } = JSON.parse(createSbom({ root: PROJECT, sources, version: '1.2.3', sha256: SHA256 })) as {
    components: readonly { name: string; purl: string; licenses?: unknown; hashes?: unknown }[];
  };
  const names = components.map(({ name }) => name);
  for (const name of ['functions', 'data-tables', 'jose', 'zod', 'pkijs', 'preact', 'oauth4webapi'])
    expect(names).toContain(name);
  for (const name of ['esbuild', 'commander', 'fflate', 'azurite', 'fast-check']) expect(names).not.toContain(name);
  expect(components.filter(({ licenses, hashes }) => licenses === undefined || hashes === undefined)).toEqual([]);
  expect(new Set(components.map(({ purl }) => purl)).size).toBe(components.length);
});
