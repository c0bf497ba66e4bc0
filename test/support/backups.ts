import { expect } from 'vitest';

import { digestPart } from '../../src/backup/parts.ts';
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
  if (last === undefined || last.statement === null) throw new Error('The last part has the statement.');
  const { statement } = last;
  return { statement, last, parts: parts.map(({ part }) => part), digests: parts.map(({ digest }) => digest) };
}

/** Every object of a backup, of one kind or of all. */
export function linesOf<K extends RecordKind>({ parts }: Pick<Backup, 'parts'>, kind: K) {
  const lines = parts.flatMap((part) => part.split('\n').slice(0, -1));
  const all = lines.map((line) => JSON.parse(line) as BackupLine);
  return all.filter((line): line is Extract<BackupLine, { readonly kind: K }> => line.kind === kind);
}

export interface RestoreOptions {
  /** Members of the first step, over its own. */
  readonly begin?: object;
  readonly reason?: string;
  readonly instance?: number;
  /** Called where a restore has to wait, with the seconds. */
  readonly wait?: (seconds: number) => void;
}

type RestoringScene = Pick<Scene, 'operate'>;

/** Begins a restore and sends all its parts. @returns the answer to the first step that is refused, else to the last one */
export async function stageBackup(scene: RestoringScene, backup: Omit<Backup, 'last'>, options: RestoreOptions = {}) {
  const { begin = {} } = options;
  const step = (body: object) => takeStep(scene, body, options);
  const { statement, digests } = backup;
  const begun = await step({ step: 'begin', statement, digests, ...begin });
  if (begun.status !== 200) return begun;
  const restore = String(begun.body['restore']);
  let answer = begun;
  for (const [index, part] of backup.parts.entries()) {
    answer = await step({ step: 'part', restore, index, part });
    if (answer.status !== 200) return answer;
  }
  return answer;
}

export function takeStep(scene: RestoringScene, body: object, { reason, instance }: RestoreOptions = {}, query = '') {
  const why = reason === undefined ? query : `?reason=${encodeURIComponent(reason)}`;
  return scene.operate(`POST /restore${why}`, { as: 'Admin', body, ...(instance !== undefined && { instance }) });
}

/** The whole way, until everything is restored. @returns the last answer, or the first refusal */
export async function restoreBackup(scene: RestoringScene, backup: Omit<Backup, 'last'>, options: RestoreOptions = {}) {
  const staged = await stageBackup(scene, backup, options);
  if (staged.status !== 200) return staged;
  return applyAll(scene, String(staged.body['restore']), options);
}

/** Applies a staged restore to its end. */
export async function applyAll(scene: RestoringScene, restore: string, options: RestoreOptions = {}) {
  for (let steps = 0; steps < 100; steps += 1) {
    const answer = await takeStep(scene, { step: 'apply', restore }, options);
    if (answer.status !== 200 || answer.body['done'] === true) return answer;
    const seconds = Number(answer.body['waitSeconds']);
    if (seconds > 0) options.wait?.(seconds);
  }
  throw new Error('The restore has no end.');
}

/** A file as `countersign backup` writes it. */
export function backupFile(statement: string, parts: readonly string[]): string {
  const head = { statement, parts: parts.map((part) => [digestPart(part), Buffer.byteLength(part)]) };
  return `${JSON.stringify(head)}\n${parts.join('')}`;
}
