import { expect } from 'vitest';

import type { BackupPartJson } from '../../src/contract/operators/backup.ts';
import type { BackupLine, RecordKind } from '../../src/backup/records.ts';
import type { Scene } from './serviceScene.ts';

/** A backup as the service gave it. */
export interface Backup {
  readonly statement: string;
  readonly parts: readonly string[];
  readonly digests: readonly string[];
  readonly last: BackupPartJson;
}

/** Part after part. @param between called after each part but the last one */
export async function readBackup(
  scene: Pick<Scene, 'operate'>,
  between: () => Promise<unknown> = () => Promise.resolve(),
): Promise<Backup> {
  const parts: BackupPartJson[] = [];
  let continuation: string | null = null;
  do {
    if (continuation !== null) await between();
    const query: string = continuation === null ? '' : `?continuation=${continuation}`;
    const { status, body, text } = await scene.operate(`GET /backup${query}`, { as: 'Admin' });
    expect(status, text).toBe(200);
    const part = body as unknown as BackupPartJson;
    parts.push(part);
    continuation = part.continuation;
  } while (continuation !== null);
  const last = parts.at(-1);
  if (last?.statement == null) throw new Error('The last part has the statement.');
  const { statement } = last;
  return { statement, last, parts: parts.map(({ part }) => part), digests: parts.map(({ digest }) => digest) };
}

/** Every object of a backup, of one kind or of all. */
export function linesOf<K extends RecordKind>({ parts }: Pick<Backup, 'parts'>, kind: K) {
  const lines = parts.flatMap((part) => part.split('\n').slice(0, -1));
  const all = lines.map((line) => JSON.parse(line) as BackupLine);
  return all.filter((line): line is Extract<BackupLine, { readonly kind: K }> => line.kind === kind);
}
