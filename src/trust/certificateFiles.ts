import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { parseCertificate } from '../verifier/x509/certificate.ts';
import type { Certificate } from '../verifier/x509/certificate.ts';
import { readCertificateOctets, readPemBlocks } from './pem.ts';
import { readSettingFile } from './settingFile.ts';

/** The directory cannot be read at all. */
export class CertificateDirectoryError extends Error {
  override readonly name = 'CertificateDirectoryError';
}

/** A bundle of all public roots has about 250 KB in 150 certificates. */
const MAX_FILE_OCTETS = 1024 * 1024;
const MAX_FILES = 4096;

/** A pipe or a device among the files must not hold up the start. */
const OPEN_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

export interface DirectoryOptions {
  /** A directory that is not there is then an empty one. */
  readonly mayBeAbsent?: boolean;
}

/**
 * Reads every certificate in a directory's files, PEM or DER, whatever their names. Subdirectories, files of more than
 * 1 MiB and anything else is skipped; a link counts for the file that it leads to. Nothing read here is
 * trusted: certificates count by their digests alone.
 *
 * @returns their DER
 * @throws {CertificateDirectoryError} where the directory cannot be read, or has more than 4,096 entries
 */
export async function readCertificateDirectory(
  directory: string,
  { mayBeAbsent = false }: DirectoryOptions = {},
): Promise<readonly Uint8Array[]> {
  const names = await listNames(directory, mayBeAbsent);
  const certificates: Uint8Array[] = [];
  for (const name of names) {
    const octets = await readRegularFile(join(directory, name));
    if (octets !== null) certificates.push(...readCertificateOctets(octets));
  }
  return certificates;
}

async function listNames(directory: string, mayBeAbsent: boolean): Promise<readonly string[]> {
  let names: string[];
  try {
    names = await readdir(directory);
  } catch (error) {
    const code = codeOf(error);
    if (mayBeAbsent && code === 'ENOENT') return [];
    throw new CertificateDirectoryError(
      `the certificate directory ${directory} cannot be read (${code}). Check the path, its owner and its mode`,
    );
  }
  if (names.length > MAX_FILES) {
    throw new CertificateDirectoryError(
      `the certificate directory ${directory} has more than ${MAX_FILES} files: name one that holds certificates alone`,
    );
  }
  return names.sort();
}

/** Null where it is no regular file, is too large, or cannot be read: another source may have the certificate. */
async function readRegularFile(path: string): Promise<Uint8Array | null> {
  let file: FileHandle;
  try {
    file = await open(path, OPEN_FLAGS);
  } catch {
    return null;
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile() || stats.size > MAX_FILE_OCTETS) return null;
    const octets = new Uint8Array(stats.size);
    const { bytesRead } = await file.read(octets, 0, octets.length, 0);
    return octets.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}

/** The certificates of a PEM file; null where it cannot be read, holds none, or one that is not well formed. */
export function readCertificateFile(file: string): readonly Certificate[] | null {
  try {
    const blocks = readPemBlocks(readSettingFile(file));
    const certificates = blocks.filter((block) => block !== null).map((der) => parseCertificate(der));
    return certificates.length > 0 && certificates.length === blocks.length ? certificates : null;
  } catch {
    return null;
  }
}
