import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Sources } from '../build.ts';
import { packageFolderOf } from '../packages/bundle.ts';

export interface SbomOptions {
  /** The project. */
  readonly root: string;
  /** What the build says that went in. */
  readonly sources: Sources;
  readonly version: string;
  /** Of the zip: lowercase hex. */
  readonly sha256: string;
}

/** How the described application is named in the file. */
const APPLICATION = 'countersign';

/**
 * The packages that are in the bundles, and which of them needs which, as CycloneDX 1.6 in JSON. It has no time, and its
 * serial number is made of the zip's digest, so that the same package has the same file.
 */
export function createSbom({ root, sources, version, sha256 }: SbomOptions): string {
  const folders = [...new Set(Object.keys(sources).flatMap((path) => packageFolderOf(path) ?? []))].sort();
  const readIntegrity = openLock(root);
  const packages = folders.map((folder) => describePackage(root, folder, readIntegrity(folder)));
  const purls = new Map(folders.map((folder, index) => [folder, packages[index]?.purl ?? '']));
  // npm may install one version of a package into several folders.
  const components = [...new Map(packages.map((each) => [each.purl, each])).values()];
  const described = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    ...{ bomFormat: 'CycloneDX', specVersion: '1.6', serialNumber: serialOf(sha256), version: 1 },
    metadata: { component: describeApplication(root, version, sha256) },
    components: components.sort((one, other) => (one.purl < other.purl ? -1 : 1)),
    dependencies: listDependencies(sources, purls),
  };
  return `${JSON.stringify(described, null, 2)}\n`;
}

/** A UUID of version 8: its makers decide what it is made of (RFC 9562, 5.8). */
function serialOf(sha256: string): string {
  const variant = ((parseInt(sha256.charAt(16), 16) & 3) | 8).toString(16);
  const hex = `${sha256.slice(0, 12)}8${sha256.slice(13, 16)}${variant}${sha256.slice(17, 32)}`;
  return `urn:uuid:${hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')}`;
}

function describeApplication(root: string, version: string, sha256: string) {
  const { license } = readPackageFile(root);
  const about = { type: 'application', 'bom-ref': APPLICATION, name: APPLICATION, version };
  return { ...about, hashes: [{ alg: 'SHA-256', content: sha256 }], ...describeLicence(license) };
}

function describePackage(root: string, folder: string, integrity: string | undefined) {
  const { name, version, license } = readPackageFile(join(root, folder));
  const [, group, own = name] = /^(@[^/]+)\/(.+)$/.exec(name) ?? [];
  const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
  const named = { type: 'library', 'bom-ref': purl, ...(group !== undefined && { group }), name: own, version };
  return { ...named, ...describeIntegrity(integrity), ...describeLicence(license), purl };
}

/** One identifier of SPDX, or an expression with several. */
function describeLicence(license: string | undefined) {
  if (license === undefined) return {};
  return { licenses: [/^[A-Za-z0-9.-]+$/.test(license) ? { license: { id: license } } : { expression: license }] };
}

/** npm's digest of the tarball, as CycloneDX writes it. */
function describeIntegrity(integrity: string | undefined) {
  const [, digest] = /^sha512-(\S+)/.exec(integrity ?? '') ?? [];
  if (digest === undefined) return {};
  return { hashes: [{ alg: 'SHA-512', content: Buffer.from(digest, 'base64').toString('hex') }] };
}

interface PackageFile {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

function readPackageFile(folder: string): PackageFile {
  return JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as PackageFile;
}

/** @returns the digest that package-lock.json has of a package's folder */
function openLock(root: string): (folder: string) => string | undefined {
  const { packages } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
    readonly packages: Readonly<Record<string, { readonly integrity?: string }>>;
  };
  return (folder) => packages[folder.slice(folder.indexOf('node_modules/'))]?.integrity;
}

/** @param purls by folder of the package */
function listDependencies(sources: Sources, purls: ReadonlyMap<string, string>) {
  const refOf = (path: string) => purls.get(packageFolderOf(path) ?? '') ?? APPLICATION;
  const needs = new Map([APPLICATION, ...[...purls.values()].sort()].map((ref) => [ref, new Set<string>()]));
  for (const [path, imports] of Object.entries(sources)) {
    for (const imported of imports) needs.get(refOf(path))?.add(refOf(imported));
  }
  return [...needs].map(([ref, needed]) => ({ ref, dependsOn: [...needed].filter((each) => each !== ref).sort() }));
}
