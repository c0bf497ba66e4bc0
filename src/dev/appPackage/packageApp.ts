import { hash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, sep } from 'node:path';
import type { SyncedPin } from '../../trust/syncCertificates.ts';
import { BuildError, buildPackage } from '../build.ts';
import type { BuiltPackage } from '../build.ts';
import { bringCertificates } from './bringCertificates.ts';
import type { CertificateSource } from './bringCertificates.ts';
import { PackagingError } from './packagingError.ts';
import { createSbom } from './sbom.ts';
import { createZip } from './zip.ts';

export interface PackageOptions {
  /** The project. */
  readonly root: string;
  /** Gets the folder `app` and the files. */
  readonly outDir: string;
  readonly certificates: CertificateSource;
}

export interface PackagedApp {
  /** What azd deploys: absolute path of the folder. */
  readonly folder: string;
  /** Absolute paths of the zip, its bill of materials and their digests. */
  readonly products: readonly { readonly path: string; readonly bytes: number }[];
  /** How many certificates are in the package. */
  readonly certificates: number;
  /** The pins that have none in it, and need none. */
  readonly without: readonly SyncedPin[];
}

/**
 * Makes what is deployed: the certificates of the pins, the bundle, and of both a zip with its bill of materials and
 * digests. The same sources and certificates give the same octets. Where it fails, no zip of this version is left.
 *
 * @throws PackagingError with what to do
 */
export async function packageApp({ root, outDir, certificates }: PackageOptions): Promise<PackagedApp> {
  const version = readVersion(root);
  const paths = namePaths(outDir, version);
  for (const path of Object.values(paths)) rmSync(path, { force: true });
  mkdirSync(outDir, { recursive: true });
  const trust = mkdtempSync(join(tmpdir(), 'countersign-trust-'));
  try {
    const without = await bringCertificates(certificates, trust);
    const built = await build(root, join(outDir, 'app'), trust);
    const products = writeProducts(paths, built, { root, folder: join(outDir, 'app'), version });
    const trusted = built.files.filter(({ path }) => path.startsWith(`trust${sep}`)).length;
    return { folder: join(outDir, 'app'), products, certificates: trusted, without };
  } finally {
    rmSync(trust, { recursive: true });
  }
}

function readVersion(root: string): string {
  return (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { readonly version: string }).version;
}

type Paths = Readonly<Record<'zip' | 'sbom' | 'digests', string>>;

function namePaths(outDir: string, version: string): Paths {
  const path = (extension: string) => join(outDir, `countersign-${version}.${extension}`);
  return { zip: path('zip'), sbom: path('cdx.json'), digests: path('sha256') };
}

async function build(root: string, outDir: string, certificates: string): Promise<BuiltPackage> {
  try {
    return await buildPackage({ root, outDir, certificates });
  } catch (error) {
    throw error instanceof BuildError ? new PackagingError(error.message) : error;
  }
}

interface Built {
  readonly root: string;
  readonly folder: string;
  readonly version: string;
}

function writeProducts(paths: Paths, { files, sources }: BuiltPackage, { root, folder, version }: Built) {
  const octets = files.map(({ path }) => [path.replaceAll(sep, '/'), readFileSync(join(folder, path))] as const);
  const zip = createZip(Object.fromEntries(octets));
  const sbom = createSbom({ root, sources, version, sha256: hash('sha256', zip, 'hex') });
  const digests = (
    [
      [paths.sbom, sbom],
      [paths.zip, zip],
    ] as const
  ).map(([path, content]) => `${hash('sha256', content, 'hex')}  ${basename(path)}\n`);
  const contents = [
    [paths.zip, zip],
    [paths.sbom, sbom],
    [paths.digests, digests.join('')],
  ] as const;
  return contents.map(([path, content]) => {
    writeFileSync(path, content);
    return { path, bytes: Buffer.byteLength(content) };
  });
}
