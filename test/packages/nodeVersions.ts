import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** The oldest Node that the packages promise, and every line that gets fixes. */
export const NODE_VERSIONS = ['20.19', '22', '24'];

const CACHE = resolve(import.meta.dirname, '../../node_modules/.cache/node-versions');

/** What npm says where there is no network, and nothing else. */
const UNREACHABLE = /\b(?:ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ERR_SOCKET_TIMEOUT)\b/;

/**
 * Installs a version of Node from npm, once.
 *
 * @param version such as `22` or `20.19`
 * @returns the absolute path of its program; null where the registry cannot be reached
 * @throws Error where npm fails otherwise
 */
export function installNode(version: string): string | null {
  const folder = join(CACHE, version);
  const program = join(folder, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(program)) return program;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, allowScripts: { node: true } }));
  const command = `npm install --no-audit --no-fund node@${version}`;
  const { status, stdout, stderr } = spawnSync(command, { cwd: folder, shell: true, encoding: 'utf8' });
  if (status === 0 && existsSync(program)) return program;
  rmSync(folder, { recursive: true, force: true });
  if (UNREACHABLE.test(stderr)) return null;
  throw new Error(`Node ${version} could not be installed.\n${stdout}${stderr}`);
}
