import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { ROOT } from './bicep.ts';
import { StandIns } from './standIns.ts';

/** azure.yaml as azd reads it. */

const shell = z.strictObject({ shell: z.enum(['sh', 'pwsh']), run: z.string() });
const hook = z.strictObject({ posix: shell, windows: shell });
const schema = z.strictObject({
  name: z.string(),
  metadata: z.strictObject({ template: z.string().regex(/^[\w-]+@\d+\.\d+\.\d+$/) }),
  requiredVersions: z.strictObject({ azd: z.string() }),
  infra: z.strictObject({ provider: z.literal('bicep'), path: z.string(), module: z.string() }),
  hooks: z.record(z.string(), hook).default({}),
  services: z.record(
    z.string(),
    z.strictObject({
      project: z.string(),
      host: z.string(),
      language: z.string(),
      dist: z.string(),
      remoteBuild: z.boolean(),
      hooks: z.record(z.string(), hook),
    }),
  ),
});

const project = schema.parse(parse(readFileSync(join(ROOT, 'azure.yaml'), 'utf8')));
const api = project.services['api'] ?? expect.fail('azure.yaml has no service api');
const hooks = { ...project.hooks, ...api.hooks };
const manifest = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));

test('the version of azd is one whose Bicep knows what the template uses', () => {
  expect(project.requiredVersions.azd).toBe('>= 1.23.8');
  expect(project.metadata.template).toBe(`countersign@${manifest.version}`);
});

test('azd deploys what the script packaged, as it is', () => {
  expect(api).toMatchObject({
    project: '.',
    host: 'function',
    language: 'custom',
    dist: 'dist/app',
    remoteBuild: false,
  });
});

test('every script that a hook names is there', () => {
  const scripts = Object.values(hooks).flatMap(({ posix }) => /run\.mjs (\w+)$/.exec(posix.run)?.[1] ?? []);
  expect(scripts).toEqual(['preprovision', 'postprovision', 'postdeploy']);
  expect(scripts.filter((script) => !existsSync(join(ROOT, `infra/hooks/${script}.ts`)))).toEqual([]);
});

test('azd finds the app by the name of the service', () => {
  const app = readFileSync(join(ROOT, 'infra/modules/functionApp.bicep'), 'utf8');
  expect(Object.keys(project.services)).toEqual(['api']);
  expect(app).toContain(`'azd-service-name': 'api'`);
});

test.each(Object.entries(hooks))(
  '%s runs the same in both shells, and PowerShell passes on the exit code',
  (_, both) => {
    expect([both.posix.shell, both.windows.shell]).toEqual(['sh', 'pwsh']);
    expect(both.windows.run).toBe(`${both.posix.run}; exit $LASTEXITCODE`);
    // npm 10 in PowerShell takes `--` for itself.
    expect(both.posix.run).not.toContain(' -- ');
  },
);

test.skipIf(process.platform === 'win32')('a fresh clone is restored, then packaged by one script', async () => {
  const standIns = new StandIns({ npm: { exit: 0 } });
  expect(await standIns.runShell(hooks['prerestore']?.posix.run)).toMatchObject({ status: 0 });
  expect(await standIns.runShell(hooks['prepackage']?.posix.run)).toMatchObject({ status: 0 });
  expect(standIns.calls()).toEqual(['npm ci', 'npm run package']);
});

test.skipIf(process.platform === 'win32')('a packaging that fails ends the deployment', async () => {
  const standIns = new StandIns({ npm: { exit: 2 } });
  expect(await standIns.runShell(hooks['prepackage']?.posix.run)).toMatchObject({ status: 2 });
});

test.skipIf(process.platform === 'win32')(
  'a hook runs as azd runs it, and its exit code is the one of its script',
  async () => {
    const standIns = new StandIns({ az: { exit: 1 } });
    const { status, stderr } = await standIns.runShell(hooks['preprovision']?.posix.run);
    expect([status, stderr]).toEqual([1, expect.stringContaining('ISSUER is not set')]);
  },
);
