import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './bicep.ts';

const text = readFileSync(join(ROOT, 'azure.yaml'), 'utf8');
const hooks = [...text.matchAll(/^ +run: (.+)$/gm)].map(([, run = '']) => run);

/** Runs the hook with an `npm` that only writes down what it is asked, and fails at `failing`. */
function runHook(failing: string): { readonly status: number | null; readonly asked: string[] } {
  const folder = mkdtempSync(join(tmpdir(), 'hook-'));
  try {
    const log = join(folder, 'asked');
    writeFileSync(log, '');
    const npm = `#!/bin/sh\nprintf '%s\\n' "$*" >> '${log}'\ncase "$*" in ${failing}) exit 2 ;; esac\n`;
    writeFileSync(join(folder, 'npm'), npm);
    chmodSync(join(folder, 'npm'), 0o755);
    const PATH = [folder, process.env['PATH']].join(delimiter);
    const { status } = spawnSync('sh', ['-c', hooks[0] ?? ''], { cwd: folder, env: { PATH } });
    return { status, asked: readFileSync(log, 'utf8').trim().split('\n') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const SYNC = 'run -s cli -- trust sync --out .work/trust';
const BUILD = 'run -s build -- --certificates .work/trust';

test.skipIf(process.platform === 'win32')('packaging brings the certificates first, then builds with them', () => {
  expect(runHook('nothing')).toEqual({ status: 0, asked: [SYNC, BUILD] });
});

test.skipIf(process.platform === 'win32')('a pin without its certificate ends the packaging before the build', () => {
  expect(runHook('*sync*')).toEqual({ status: 2, asked: [SYNC] });
  expect(runHook('*build*')).toEqual({ status: 2, asked: [SYNC, BUILD] });
});

test('both shells run the same steps, and PowerShell passes on their exit code', () => {
  expect(hooks).toHaveLength(2);
  expect(hooks[1]).toBe(`${hooks[0] ?? ''}; exit $LASTEXITCODE`);
});

test('azd deploys what the hook built, as it is', () => {
  expect(text).toMatch(/^ {4}language: custom$/m);
  expect(text).toMatch(/^ {4}dist: dist\/package$/m);
  expect(text).toMatch(/^ {4}remoteBuild: false$/m);
  expect(text).toMatch(/^ {4}host: function$/m);
});

test('azd finds the app by the name of the service', () => {
  const [, service] = /^services:\n {2}(\w+):$/m.exec(text) ?? [];
  const app = readFileSync(join(ROOT, 'infra/modules/functionApp.bicep'), 'utf8');
  expect(app).toContain(`'azd-service-name': '${service ?? 'none'}'`);
});
