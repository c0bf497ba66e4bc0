import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { VERSION } from '../../client/version.ts';
import { manPage } from './manPage.ts';

/** The agent as a package for Debian and Ubuntu: executable, units, user and manual page. */

const ROOT = resolve(import.meta.dirname, '../../..');
const SOURCE = join(ROOT, 'src/client/agent/package');
const NAME = 'countersign-agent';
const DOCUMENTATION = `usr/share/doc/${NAME}`;

/** Debian's name of what Node calls the processor. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  arm64: 'arm64',
  arm: 'armhf',
  ppc64: 'ppc64el',
};

/** What Node's own builds for Linux need: glibc 2.28, as Debian 10 and Ubuntu 18.10 have it. */
const DEPENDS = 'libc6 (>= 2.28), libgcc-s1 | libgcc1, libstdc++6';

/** The package cannot be built on this machine. The message says what to do. */
export class PackageError extends Error {
  override readonly name = 'PackageError';
}

export interface DebOptions {
  readonly outDir: string;
  /** The single executable. */
  readonly executable: string;
  /** As `dpkg-deb -Z` takes it; every dpkg reads xz. */
  readonly compression?: 'xz' | 'none';
}

/**
 * Builds the package with dpkg-deb. Its times are those of `SOURCE_DATE_EPOCH` (seconds) where that is set; the maintainer is
 * `DEBFULLNAME` and `DEBEMAIL`, as Debian's own tools have it.
 *
 * @returns its absolute path
 * @throws {PackageError}
 */
export function buildDeb({ outDir, executable, compression = 'xz' }: DebOptions): string {
  const architecture = ARCHITECTURES[process.arch];
  if (process.platform !== 'linux' || architecture === undefined)
    throw new PackageError(`There is no Debian package for ${process.platform} on ${process.arch}. Build it on Linux.`);
  const tree = mkdtempSync(join(tmpdir(), 'countersign-deb-'));
  try {
    chmodSync(tree, 0o755);
    const date = new Date(Number(process.env['SOURCE_DATE_EPOCH'] ?? Math.floor(Date.now() / 1000)) * 1000);
    lay(tree, executable, date);
    describe(tree, architecture);
    const path = join(outDir, `${NAME}_${VERSION}_${architecture}.deb`);
    mkdirSync(outDir, { recursive: true });
    run(['--root-owner-group', `-Z${compression}`, '--build', tree, path], date);
    return path;
  } finally {
    rmSync(tree, { recursive: true });
  }
}

function lay(tree: string, executable: string, date: Date): void {
  const put = (path: string, content: string | Uint8Array): void => {
    mkdirSync(join(tree, dirname(path)), { recursive: true });
    writeFileSync(join(tree, path), content);
  };
  for (const unit of globSync(join(SOURCE, 'systemd/*')))
    put(`usr/lib/systemd/system/${basename(unit)}`, readFileSync(unit));
  put('usr/lib/sysusers.d/countersign.conf', readFileSync(join(SOURCE, 'sysusers.conf')));
  put(`usr/share/man/man1/${NAME}.1.gz`, gzipSync(manPage(date), { level: 9 }));
  put(`${DOCUMENTATION}/examples/agent.json`, readFileSync(join(SOURCE, 'agent.json')));
  put(`${DOCUMENTATION}/copyright`, copyright());
  put(`${DOCUMENTATION}/changelog.gz`, gzipSync(changelog(date), { level: 9 }));
  put(`usr/share/lintian/overrides/${NAME}`, readFileSync(join(SOURCE, 'debian/lintian-overrides')));
  mkdirSync(join(tree, 'etc/countersign'), { recursive: true });
  mkdirSync(join(tree, 'usr/bin'));
  copyFileSync(executable, join(tree, 'usr/bin', NAME));
  chmodSync(join(tree, 'usr/bin', NAME), 0o755);
}

/** The package's own data. */
function describe(tree: string, architecture: string): void {
  const folder = join(tree, 'DEBIAN');
  mkdirSync(folder);
  const files = globSync('**/*', { cwd: tree })
    .filter((path) => statSync(join(tree, path)).isFile())
    .toSorted();
  const octets = files.reduce((sum, path) => sum + statSync(join(tree, path)).size, 0);
  const sums = files.map(
    (path) =>
      `${createHash('md5')
        .update(readFileSync(join(tree, path)))
        .digest('hex')}  ${path}\n`,
  );
  writeFileSync(join(folder, 'md5sums'), sums.join(''));
  for (const script of ['postinst', 'prerm', 'postrm']) {
    copyFileSync(join(SOURCE, 'debian', script), join(folder, script));
    chmodSync(join(folder, script), 0o755);
  }
  const fields = {
    ...{ Package: NAME, Version: VERSION, Architecture: architecture, Maintainer: maintainer() },
    ...{ 'Installed-Size': Math.ceil(octets / 1024), Depends: DEPENDS, Recommends: 'systemd', Section: 'admin' },
    Priority: 'optional',
    Description: `keeps an Azure VM licensed
 The agent proves to a Countersign service which Azure VM this is, keeps the
 licence that it answers with, and tells other programs in files. Its gate
 starts and stops the systemd units that need the licence.`,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${value}\n`);
  writeFileSync(join(folder, 'control'), lines.join(''));
}

function maintainer(): string {
  const { DEBFULLNAME = 'The Countersign authors', DEBEMAIL = 'root@localhost' } = process.env;
  return `${DEBFULLNAME} <${DEBEMAIL}>`;
}

function changelog(date: Date): string {
  const day = date.toUTCString().replace('GMT', '+0000');
  return `${NAME} (${VERSION}) stable; urgency=medium\n\n  * Version ${VERSION}. Its changes are in the changelog of @countersign/client.\n\n -- ${maintainer()}  ${day}\n`;
}

/** Two licences: ours, and those of Node, which is in the executable with all that it consists of. */
function copyright(): string {
  const own = readFileSync(join(ROOT, 'LICENSE'), 'utf8');
  return `The agent:\n\n${own}\n\nNode.js ${process.version}, which is in the executable:\n\n${readNodeLicence()}`;
}

function readNodeLicence(): string {
  const beside = join(dirname(process.execPath), '..', 'LICENSE');
  const path = [beside, packagedLicence(), '/usr/share/doc/nodejs/copyright'].find(
    (each) => each !== undefined && existsSync(each),
  );
  if (path !== undefined) return readFileSync(path, 'utf8');
  throw new PackageError(`The licence of ${process.execPath} was not found beside it. Use the Node of "npm ci".`);
}

/** The npm package "node" has the executable in one package, and what belongs to it in another. */
function packagedLicence(): string | undefined {
  try {
    const node = createRequire(import.meta.url).resolve('node/package.json');
    const [name] = globSync('node_modules/node-*-*/LICENSE', { cwd: dirname(node) });
    return name === undefined ? undefined : join(dirname(node), name);
  } catch {
    return undefined;
  }
}

function run(args: readonly string[], date: Date): void {
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(date.getTime() / 1000) };
  const { status, stderr, error } = spawnSync('dpkg-deb', args, { encoding: 'utf8', env });
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT')
    throw new PackageError('dpkg-deb is not installed. Build the package on Debian or Ubuntu, or install dpkg.');
  if (status !== 0) throw new PackageError(`dpkg-deb failed.\n${error?.message ?? stderr}`);
}
