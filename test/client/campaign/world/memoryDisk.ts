import { posix } from 'node:path';

/**
 * A disk in memory that forgets in a power loss what was not flushed, as strictly as POSIX allows: content lasts after
 * `sync` of the file, entries after `syncFolder`. What was not flushed may last all the same; the entries of one folder then
 * last in the order in which they were made, as with a journal.
 */
export class MemoryDisk {
  root: FolderNode = new FolderNode(0);
  /** Nothing can be written: every change fails with EROFS. */
  readOnly = false;
  /** No space left: content fails with ENOSPC. */
  full = false;

  /** @throws like `lstat` */
  find(path: string): DiskNode {
    let node: DiskNode = this.root;
    for (const name of namesOf(path)) node = entryOf(node, name, path);
    return node;
  }

  has(path: string): boolean {
    try {
      this.find(path);
      return true;
    } catch {
      return false;
    }
  }

  /** @throws `ENOENT`, `ENOTDIR` */
  folder(path: string): FolderNode {
    const node = this.find(path);
    if (node.kind !== 'folder') throw systemError('ENOTDIR', path);
    return node;
  }

  file(path: string): FileNode {
    const node = this.find(path);
    if (node.kind === 'folder') throw systemError('EISDIR', path);
    if (node.kind === 'link') throw systemError('ELOOP', path);
    return node;
  }

  text(path: string): string | undefined {
    return this.has(path) ? Buffer.from(this.file(path).content).toString('utf8') : undefined;
  }

  /** Writes as somebody else than the client does, at once and for good. */
  put(path: string, content: string | Uint8Array, facts: Partial<NodeFacts> = {}): void {
    const folder = this.#makeFolders(posix.dirname(path));
    const node = new FileNode({ uid: 0, mode: 0o600, modifiedAt: 0, ...facts });
    node.content = Buffer.from(content);
    node.durable = node.content;
    folder.set(posix.basename(path), node);
    folder.sync();
  }

  delete(path: string): void {
    if (!this.has(path)) return;
    const folder = this.folder(posix.dirname(path));
    folder.set(posix.basename(path), undefined);
    folder.sync();
  }

  /** Everything below a folder: paths relative to it, in order. */
  list(path: string, prefix = ''): string[] {
    if (!this.has(path)) return [];
    return [...this.folder(path).entries].flatMap(([name, node]) =>
      node.kind === 'folder' ? this.list(posix.join(path, name), `${prefix}${name}/`) : [`${prefix}${name}`],
    );
  }

  #makeFolders(path: string): FolderNode {
    let node: FolderNode = this.root;
    for (const name of namesOf(path)) {
      const next = node.entries.get(name) ?? new FolderNode(0);
      if (next.kind !== 'folder') throw systemError('ENOTDIR', path);
      node.set(name, next);
      node.sync();
      node = next;
    }
    return node;
  }

  /**
   * The power goes: what was not flushed is lost, or lasts in part.
   *
   * @param random from 0 to 1: 0 loses all that may be lost, 1 keeps all
   */
  losePower(random: () => number): void {
    this.root = this.root.afterPowerLoss(random);
  }

  /** A copy that shares nothing with this one. */
  clone(): MemoryDisk {
    const copy = new MemoryDisk();
    copy.root = this.root.clone();
    return copy;
  }
}

export type DiskNode = FolderNode | FileNode | LinkNode;

export interface NodeFacts {
  uid: number;
  mode: number;
  modifiedAt: number;
}

export class FileNode {
  readonly kind: 'file' | 'other';
  uid: number;
  mode: number;
  modifiedAt: number;
  content: Uint8Array = new Uint8Array();
  /** What a power loss leaves at least. */
  durable: Uint8Array = new Uint8Array();

  constructor({ uid, mode, modifiedAt }: NodeFacts, kind: 'file' | 'other' = 'file') {
    this.uid = uid;
    this.mode = mode;
    this.modifiedAt = modifiedAt;
    this.kind = kind;
  }

  sync(): void {
    this.durable = this.content;
  }

  afterPowerLoss(random: () => number): FileNode {
    const copy = this.clone();
    const drawn = random();
    if (copy.content !== copy.durable && drawn < 0.4) copy.content = copy.durable;
    // New content may be there with its length alone, or cut.
    else if (copy.content !== copy.durable && drawn < 0.6)
      copy.content = copy.content.slice(0, drawn * copy.content.length);
    copy.durable = copy.content;
    return copy;
  }

  clone(): FileNode {
    const copy = new FileNode(this, this.kind);
    copy.content = this.content;
    copy.durable = this.durable;
    return copy;
  }
}

export class LinkNode {
  readonly kind = 'link';
  readonly uid = 0;
  readonly mode = 0o777;
  readonly modifiedAt = 0;

  afterPowerLoss(): this {
    return this;
  }

  clone(): this {
    return this;
  }
}

type Change = readonly (readonly [name: string, node: DiskNode | undefined])[];

export class FolderNode {
  readonly kind = 'folder';
  uid: number;
  mode = 0o700;
  readonly modifiedAt = 0;
  entries = new Map<string, DiskNode>();
  #durable = new Map<string, DiskNode>();
  /** Since the last flush, in order. */
  #changes: Change[] = [];

  constructor(uid: number) {
    this.uid = uid;
  }

  set(name: string, node: DiskNode | undefined): void {
    this.change([[name, node]]);
  }

  /** Several entries in one step, as a rename does. */
  change(change: Change): void {
    apply(this.entries, change);
    this.#changes.push(change);
  }

  sync(): void {
    this.#durable = new Map(this.entries);
    this.#changes = [];
  }

  afterPowerLoss(random: () => number): FolderNode {
    const kept = Math.round(random() * this.#changes.length);
    const entries = new Map(this.#durable);
    for (const change of this.#changes.slice(0, kept)) apply(entries, change);
    return this.#copyWith([...entries].map(([name, node]) => [name, node.afterPowerLoss(random)]));
  }

  clone(): FolderNode {
    return this.#copyWith([...this.entries].map(([name, node]) => [name, node.clone()]));
  }

  #copyWith(entries: readonly (readonly [string, DiskNode])[]): FolderNode {
    const copy = new FolderNode(this.uid);
    copy.mode = this.mode;
    copy.entries = new Map(entries);
    copy.sync();
    return copy;
  }
}

export function systemError(code: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${path}`), { code });
}

function namesOf(path: string): string[] {
  return path.split('/').filter((name) => name !== '');
}

function entryOf(node: DiskNode, name: string, path: string): DiskNode {
  if (node.kind !== 'folder') throw systemError('ENOTDIR', path);
  const entry = node.entries.get(name);
  if (entry === undefined) throw systemError('ENOENT', path);
  return entry;
}

function apply(entries: Map<string, DiskNode>, change: Change): void {
  for (const [name, node] of change) {
    if (node === undefined) entries.delete(name);
    else entries.set(name, node);
  }
}
