import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { createAuthority, type Authority } from './authority.ts';
import { createKeptKeyRing, createKeyRing, keyFile, type KeyRing } from './keys.ts';

/*
 * An authority that is made once and used again. A folder keeps its keys (`keys/`, each with mode 0600), when it was made
 * and the port of its first start (`authority.json`), and its certificates for those who are to trust it (`root.pem`,
 * `authority.pem`). The certificates are made anew at each start, and follow from the keys, that time and the address.
 */

const RECORD = 'authority.json';
const record = z.strictObject({ version: z.literal(1), madeAt: z.int(), port: z.int().min(1).max(65_535) });
type AuthorityRecord = z.output<typeof record>;

/** As Azure's. */
export const CA_KEYS = 'rsa-4096';

/**
 * The port of the first start, for a start that takes any: certificates that were pinned then are the same again.
 *
 * @returns null where the folder has no authority yet
 * @throws an Error that says what to do with a folder that cannot be used
 */
export async function readKeptPort(folder: string): Promise<number | null> {
  return existsSync(join(folder, RECORD)) ? (await readRecord(folder)).port : null;
}

export interface FolderOptions {
  readonly folder: string;
  /** Where the emulator answers. */
  readonly baseUrl: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Where the keys of a new authority come from. */
  readonly keys?: KeyRing;
}

/**
 * The folder's authority; one is made where there is none. Of several that are made at the same time one is kept.
 *
 * @throws an Error that says what to do with a folder that cannot be used
 */
export async function openAuthorityFolder({ folder, baseUrl, now, keys }: FolderOptions): Promise<Authority> {
  if (!existsSync(join(folder, RECORD))) await make(folder, { madeAt: now, port: portOf(baseUrl) }, keys);
  const { madeAt } = await readRecord(folder);
  checkKeys(folder);
  const ring = createKeptKeyRing(join(folder, 'keys'));
  const authority = await createAuthority({ at: madeAt, baseUrl, keys: ring, keyKind: CA_KEYS });
  await writeFile(join(folder, 'root.pem'), authority.root.pem);
  await writeFile(join(folder, 'authority.pem'), authority.pem);
  return authority;
}

function portOf(baseUrl: string): number {
  return Number(new URL(baseUrl).port || '80');
}

/** A CA key that is gone would be made anew in silence, and nobody would trust it. */
function checkKeys(folder: string): void {
  const gone = CA_LABELS.map((label) => keyFile(join(folder, 'keys'), label, CA_KEYS)).find(
    (file) => !existsSync(file),
  );
  if (gone !== undefined) throw damaged(gone);
}

function damaged(file: string): Error {
  const cure = 'Restore it, or delete the folder: the next start makes a new authority, which must be trusted anew';
  return new Error(`${file} is damaged or gone. ${cure}`);
}

const CA_LABELS = ['root', 'second root', 'intermediate'];

async function readRecord(folder: string): Promise<AuthorityRecord> {
  try {
    return record.parse(JSON.parse(await readFile(join(folder, RECORD), 'utf8')));
  } catch {
    throw damaged(join(folder, RECORD));
  }
}

async function make(folder: string, made: Omit<AuthorityRecord, 'version'>, keys = createKeyRing()): Promise<void> {
  if (existsSync(folder) && (await readdir(folder)).length > 0 && !existsSync(join(folder, RECORD))) {
    throw new Error(`${folder} has other files in it, and no authority. Name a new folder or an empty one`);
  }
  const draft = `${folder}.${randomUUID()}`;
  try {
    await writeDraft(draft, made, keys);
    await moveInto(draft, folder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** Every key that two starts share; others serve faults, and are made when they are needed. */
async function writeDraft(draft: string, made: Omit<AuthorityRecord, 'version'>, keys: KeyRing): Promise<void> {
  await mkdir(draft, { recursive: true, mode: 0o700 });
  const ring = createKeptKeyRing(join(draft, 'keys'), keys);
  const cas = CA_LABELS.map((label) => ring(label, CA_KEYS));
  await Promise.all([...cas, ring('leaf'), ring('identity')]);
  const written: AuthorityRecord = { version: 1, ...made };
  await writeFile(join(draft, RECORD), `${JSON.stringify(written)}\n`);
}

/** Whoever comes second finds the folder of the first, whose authority is the one. */
async function moveInto(draft: string, folder: string): Promise<void> {
  // Windows moves no folder over another, not even over an empty one.
  await rmdir(folder).catch(() => undefined);
  await rename(draft, folder).catch((error: unknown) => {
    if (!existsSync(join(folder, RECORD))) throw error;
  });
}
