// `node infra/hooks/run.mjs NAME` runs NAME.ts beside it. Plain JavaScript, because the machine's Node may be too old to run
// TypeScript: then the project's own Node does, which `npm ci` brings.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const [name, ...args] = process.argv.slice(2);
const root = resolve(import.meta.dirname, '../..');

const bundled = ['node.exe', 'node'].map((file) => join(root, 'node_modules/node/bin', file)).find(existsSync);
const program = bundled ?? (process.features.typescript ? process.execPath : undefined);

if (program === undefined) {
  process.stderr.write(`Node ${process.version} cannot run this. Run "npm ci" first, which brings the right one.\n`);
  process.exitCode = 1;
} else {
  const script = join(import.meta.dirname, `${name}.ts`);
  process.exitCode = spawnSync(program, [script, ...args], { stdio: 'inherit' }).status ?? 1;
}
