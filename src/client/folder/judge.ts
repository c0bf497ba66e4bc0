import type { FileFacts, ProcessFacts } from '../adapters.ts';
import { ClientError } from '../clientError.ts';

/**
 * Whom the folder and its files belong to is judged before anything in them is read: whoever else can write them decides
 * what this program believes. Windows has neither owner nor mode in this sense; there the access list of the folder counts.
 */

const WRITABLE_BY_OTHERS = 0o022;
const OPEN_TO_OTHERS = 0o077;

/** @returns why the folder must not be written to and on first use not be read; undefined where nothing is wrong */
export function judgeFolder(facts: FileFacts, process: Pick<ProcessFacts, 'uid'>): ClientError | undefined {
  if (facts.kind === 'link') return new ClientError('folder_unusable', 'it is a symbolic link');
  if (facts.kind !== 'folder') return new ClientError('folder_unusable', 'it is not a folder');
  return judgeAccess(facts, process);
}

/** @throws {ClientError} `folder_unusable`, `folder_exposed` */
export function judgeFile(facts: FileFacts, process: Pick<ProcessFacts, 'uid'>): void {
  if (facts.kind !== 'file') throw new ClientError('folder_unusable', 'a file in it is not a regular file');
  const fault = judgeAccess(facts, process);
  if (fault !== undefined) throw fault;
}

/**
 * A key that others can read binds nothing.
 *
 * @returns whether they can
 * @throws {ClientError} `folder_unusable`
 */
export function isKeyExposed(facts: FileFacts, process: Pick<ProcessFacts, 'uid'>): boolean {
  if (facts.kind !== 'file') throw new ClientError('folder_unusable', 'the key is not a regular file');
  const isOpen = process.uid !== undefined && (facts.mode & OPEN_TO_OTHERS) !== 0;
  return isOpen || judgeAccess(facts, process) !== undefined;
}

function judgeAccess({ uid: owner, mode }: FileFacts, { uid }: Pick<ProcessFacts, 'uid'>): ClientError | undefined {
  if (uid === undefined) return undefined;
  if (owner !== uid && owner !== 0) return new ClientError('folder_exposed', `owner: ${owner}, this program: ${uid}`);
  if ((mode & WRITABLE_BY_OTHERS) !== 0) return new ClientError('folder_exposed', `mode ${mode.toString(8)}`);
  return undefined;
}
