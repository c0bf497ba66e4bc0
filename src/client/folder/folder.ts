import { randomUUID } from 'node:crypto';
import { dirname, join } from 'node:path';
import type { FileFacts, Files, ProcessFacts } from '../adapters.ts';
import { ClientError, systemErrorCode } from '../clientError.ts';
import { judgeFile, judgeFolder } from './judge.ts';

/** The names below the folder. Everything else in it is left alone. */
const VM_ID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/;
const TEMPORARY = /\.[0-9a-f-]{36}\.tmp$/;

/** Folders of other VMs that are looked at; an image that was captured again and again has some. */
const MAX_VMS = 64;
const TEMPORARY_MAX_AGE = 3_600_000;

/**
 * The folder that the client keeps its key, licence and denial in, one folder below it for each VM. Files appear whole or
 * not at all: they are written under another name, flushed, then renamed.
 */
export class Folder {
  readonly path: string;
  readonly files: Files;
  readonly process: Pick<ProcessFacts, 'uid'>;
  /** The VMs whose folders are known to last through a power loss. */
  readonly #lasting = new Set<string>();

  constructor(path: string, files: Files, process: Pick<ProcessFacts, 'uid'>) {
    this.path = path;
    this.files = files;
    this.process = process;
  }

  join(...names: readonly string[]): string {
    return join(this.path, ...names);
  }

  /**
   * Looks at the folder.
   *
   * @param create whether it is created where it is absent
   * @returns what is wrong with its owner or mode
   * @throws {ClientError} `folder_unusable`
   */
  async judge({ create }: { readonly create: boolean }): Promise<ClientError | undefined> {
    const facts = (await this.#lookAt(this.path)) ?? (create ? await this.#create() : undefined);
    const fault = facts === undefined ? undefined : judgeFolder(facts, this.process);
    if (fault?.code === 'folder_unusable') throw fault;
    return fault;
  }

  async #create(): Promise<FileFacts> {
    try {
      await createFolders(this.files, this.path);
      return await this.files.lstat(this.path);
    } catch (error) {
      throw new ClientError('folder_unusable', systemErrorCode(error));
    }
  }

  /** @throws {ClientError} `folder_unusable` */
  async list(...names: readonly string[]): Promise<readonly string[]> {
    try {
      return await this.files.readdir(this.join(...names));
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return [];
      throw new ClientError('folder_unusable', systemErrorCode(error));
    }
  }

  /**
   * Judges the folder of one VM.
   *
   * @returns whether it is there
   * @throws {ClientError} `folder_unusable`, `folder_exposed`
   */
  async checkVm(vmId: string): Promise<boolean> {
    const facts = await this.#lookAt(this.join(vmId));
    const fault = facts === undefined ? undefined : judgeFolder(facts, this.process);
    if (fault !== undefined) throw fault;
    return facts !== undefined;
  }

  async #lookAt(path: string): Promise<FileFacts | undefined> {
    try {
      return await this.files.lstat(path);
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') return undefined;
      throw new ClientError('folder_unusable', systemErrorCode(error));
    }
  }

  /**
   * @param limit octets
   * @param judge looks at the file before it is read
   * @returns undefined where there is no such file
   * @throws {ClientError} `folder_unusable`, `folder_exposed`; `cache_unusable` where it is larger than the limit
   */
  async read(
    path: string,
    limit: number,
    judge: (facts: FileFacts) => void = (facts) => {
      judgeFile(facts, this.process);
    },
  ): Promise<string | undefined> {
    try {
      return Buffer.from(await this.files.read(path, limit, judge)).toString('utf8');
    } catch (error) {
      if (error instanceof ClientError) throw error;
      const code = systemErrorCode(error);
      if (code === 'ENOENT') return undefined;
      throw new ClientError(code === 'EFBIG' ? 'cache_unusable' : 'folder_unusable', code);
    }
  }

  /**
   * Puts the text in the place of whatever was there; it lasts through a power loss when this returns. Creates the VM's
   * folder. Rejects as the file system does.
   */
  async write(vmId: string, name: string, text: string): Promise<void> {
    try {
      await this.#write(vmId, name, text);
    } catch (error) {
      // Somebody has deleted the folder since it was created.
      if (systemErrorCode(error) !== 'ENOENT') throw error;
      this.#lasting.delete(vmId);
      await this.#write(vmId, name, text);
    }
  }

  async #write(vmId: string, name: string, text: string): Promise<void> {
    await this.#createVm(vmId);
    const path = this.join(vmId, name);
    const temporary = `${path}.${randomUUID()}.tmp`;
    try {
      await writeFlushed(this.files, temporary, text);
      await this.files.rename(temporary, path);
    } catch (error) {
      await this.files.unlink(temporary).catch(() => undefined);
      throw error;
    }
    await this.files.syncFolder(this.join(vmId));
  }

  /**
   * The folders that lead to a file have to last before the file is relied on. A process may have ended between creating one
   * and flushing it, so they are flushed at the first write of this process, whoever created them.
   */
  async #createVm(vmId: string): Promise<void> {
    if (this.#lasting.has(vmId)) return;
    try {
      await this.files.mkdir(this.join(vmId));
    } catch (error) {
      if (systemErrorCode(error) !== 'EEXIST') throw error;
    }
    await this.files.syncFolder(this.path);
    await flushParent(this.files, this.path);
    this.#lasting.add(vmId);
  }

  /**
   * Makes what is there of a VM last: a process may have ended between renaming a file and flushing the folder. Does so once
   * a process; a file system that cannot be flushed is left as it is.
   */
  async flush(vmId: string): Promise<void> {
    if (this.#lasting.has(vmId)) return;
    try {
      await this.files.syncFolder(this.join(vmId));
      await this.#createVm(vmId);
    } catch (error) {
      if (systemErrorCode(error) === undefined) throw error;
    }
  }

  /** Lasts when this returns. Rejects as the file system does; a file that is not there is no error. */
  async remove(vmId: string, name: string): Promise<void> {
    if (!(await unlinkIfPresent(this.files, this.join(vmId, name)))) return;
    await this.files.syncFolder(this.join(vmId));
  }

  /** Deletes what is kept of one VM, its key last of all. Files of other names stay, and the folder with them. */
  async removeVm(vmId: string, names: readonly string[]): Promise<void> {
    for (const name of names) await unlinkIfPresent(this.files, this.join(vmId, name));
    await this.#sweepTemporaries(vmId, Infinity);
    this.#lasting.delete(vmId);
    await this.files.rmdir(this.join(vmId));
    await this.files.syncFolder(this.path);
  }

  /** Removes the temporary files of processes that ended while they wrote, once they are an hour old. */
  async sweep(vmIds: readonly string[], now: number): Promise<void> {
    for (const vmId of vmIds) await this.#sweepTemporaries(vmId, now);
  }

  async #sweepTemporaries(vmId: string, now: number): Promise<void> {
    for (const name of await this.list(vmId)) {
      const path = this.join(vmId, name);
      if (TEMPORARY.test(name) && (await this.#isOld(path, now))) await unlinkIfPresent(this.files, path);
    }
  }

  /** A file from the future is as old: the clock was ahead when it was written. */
  async #isOld(path: string, now: number): Promise<boolean> {
    const facts = await this.#lookAt(path);
    return facts?.kind === 'file' && Math.abs(now - facts.modifiedAt) > TEMPORARY_MAX_AGE;
  }
}

/** The VMs that something is kept of, in no order. */
export function vmIdsAmong(names: readonly string[]): readonly string[] {
  return names.filter((name) => VM_ID.test(name)).slice(0, MAX_VMS);
}

/** Each folder lasts before the next one is created in it, also one that a process has left behind before it was flushed. */
async function createFolders(files: Files, path: string): Promise<void> {
  try {
    await files.mkdir(path);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || dirname(path) === path) throw error;
    await createFolders(files, dirname(path));
    return createFolders(files, path);
  }
  await flushParent(files, dirname(path));
  await files.syncFolder(dirname(path));
}

/** A process may have ended between creating a folder and flushing its parent, which need not be ours to open. */
async function flushParent(files: Files, path: string): Promise<void> {
  await files.syncFolder(dirname(path)).catch(() => undefined);
}

async function writeFlushed(files: Files, path: string, text: string): Promise<void> {
  const file = await files.create(path);
  try {
    await file.write(Buffer.from(text));
    await file.sync();
  } finally {
    await file.close();
  }
}

/** @returns whether it was there */
async function unlinkIfPresent(files: Files, path: string): Promise<boolean> {
  try {
    await files.unlink(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}
