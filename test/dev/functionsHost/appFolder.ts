import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';

import { afterAll } from 'vitest';

/** The app that most tests of the host run. */
export const ECHO_APP = resolve(import.meta.dirname, 'fixtures/echo');

export const PROJECT = resolve(import.meta.dirname, '../../..');

const folders: string[] = [];

afterAll(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

const HOST_JSON = JSON.stringify({ version: '2.0', extensions: { http: { routePrefix: '' } } });
const PACKAGE_JSON = JSON.stringify({ name: 'app', version: '1.0.0', type: 'module', main: 'functions/*.mjs' });

/** Writes an app's files to a folder of its own, which is gone after the tests. The project's packages can be imported from it. */
export function writeApp(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'functions-host-'));
  folders.push(folder);
  symlinkSync(join(PROJECT, 'node_modules'), join(folder, 'node_modules'));
  for (const [path, content] of Object.entries({ 'host.json': HOST_JSON, 'package.json': PACKAGE_JSON, ...files })) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

/** An entry file in JavaScript that registers what is given. */
export function entryFile(...registrations: readonly string[]): string {
  return [`import { app } from '@azure/functions';`, ...registrations].join('\n');
}

/** One HTTP function in JavaScript that answers with its own name. */
export function httpFunction(name: string, options: string): string {
  return `app.http('${name}', { authLevel: 'anonymous', handler: () => ({ body: '${name}' }), ${options} });`;
}
