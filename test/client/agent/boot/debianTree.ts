import { spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

/*
 * A small Debian (or Ubuntu) with systemd, from where this machine gets its own packages, made once in `.work/boot`. The
 * program that makes it is unpacked there too, where it is absent, and not installed: nothing of this machine changes.
 */

const FOLDER = resolve(import.meta.dirname, '../../../../.work/boot');
const TOOLS = join(FOLDER, 'tools');

interface Source {
  readonly origin: string;
  readonly release: string;
  readonly url: string;
}

/** @returns the folder of the tree, or why there is none */
export function makeTree(): { readonly tree: string } | { readonly missing: string } {
  if (process.geteuid?.() !== 0) return { missing: 'it takes root' };
  // What a source is of is read from its lists, which a new machine does not have yet.
  const source = findSource() ?? (run('apt-get', ['update']) === undefined ? findSource() : undefined);
  if (source === undefined) return { missing: 'apt names no source of Debian or Ubuntu on this machine' };
  const tree = join(FOLDER, source.release);
  const missing = existsSync(tree) ? undefined : build(source, tree);
  return missing === undefined ? { tree } : { missing };
}

/** The first of the machine's own sources that is a whole release. */
function findSource(): Source | undefined {
  const format = '$(CREATED_BY)|$(ORIGIN)|$(COMPONENT)|$(CODENAME)|$(SUITE)|$(REPO_URI)';
  const { status, stdout } = spawnSync('apt-get', ['indextargets', '--format', format], { encoding: 'utf8' });
  if (status !== 0) return undefined;
  const sources = stdout
    .split('\n')
    .map((line) => line.split('|'))
    .filter(
      ([kind, origin, component]) =>
        kind === 'Packages' && component === 'main' && origin !== undefined && ['Debian', 'Ubuntu'].includes(origin),
    )
    .map(([, origin = '', , release = '', suite = '', url = '']) => ({ origin, release, suite, url }));
  return sources.find(({ release, suite }) => !/-(?:updates|security|backports)$/.test(`${release} ${suite}`));
}

/** @returns what went wrong */
function build({ release, url }: Source, tree: string): string | undefined {
  mkdirSync(FOLDER, { recursive: true });
  const tool = findTool();
  if ('missing' in tool) return tool.missing;
  const half = `${tree}.half`;
  rmSync(half, { recursive: true, force: true });
  const packages = '--include=systemd,systemd-sysv';
  const problem = run(tool.command, ['--variant=minbase', packages, release, half, url], tool.env);
  if (problem !== undefined) return problem;
  renameSync(half, tree);
  return undefined;
}

function findTool(): { readonly command: string; readonly env: NodeJS.ProcessEnv } | { readonly missing: string } {
  if (run('debootstrap', ['--version']) === undefined) return { command: 'debootstrap', env: {} };
  const script = join(TOOLS, 'usr/sbin/debootstrap');
  if (!existsSync(script)) {
    const archives = join(FOLDER, 'archives');
    mkdirSync(join(archives, 'partial'), { recursive: true });
    const fetch = [
      '-o',
      `Dir::Cache::archives=${archives}`,
      'install',
      '--download-only',
      '--no-install-recommends',
      '-y',
    ];
    const problem = run('apt-get', ['update']) ?? run('apt-get', [...fetch, 'debootstrap']);
    if (problem !== undefined) return { missing: `debootstrap cannot be fetched, which takes a network: ${problem}` };
    for (const archive of globSync(join(archives, 'debootstrap_*.deb'))) run('dpkg-deb', ['--extract', archive, TOOLS]);
  }
  return { command: script, env: { DEBOOTSTRAP_DIR: join(TOOLS, 'usr/share/debootstrap') } };
}

function run(program: string, args: readonly string[], more: NodeJS.ProcessEnv = {}): string | undefined {
  const env = { ...process.env, ...more };
  const { error, status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', env });
  if (error) return error.message;
  return status === 0 ? undefined : `${program}: ${`${stdout}${stderr}`.trim().split('\n').at(-1) ?? ''}`;
}
