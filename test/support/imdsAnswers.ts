import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { API_VERSIONS } from '../../src/emulator/protocol/versions.ts';

/**
 * Answers of IMDS, recorded once for emulator and client: the emulator has to answer so, and the client has to read it. Each
 * file has the answers of one item by api-version; an answer is that of later versions too, until the next one.
 */
export const IMDS_ANSWERS = {
  /** The emulator's first VM, by every version; 2017-03-01 has the fields of 2017-04-02. */
  instance: { path: '/metadata/instance', versions: API_VERSIONS.filter((version) => version >= '2017-04-02') },
  /** The article's second VM, by the version of its example and by the newest. */
  negasonic: { path: '/vms/negasonic/metadata/instance', versions: ['2019-06-01', '2025-04-07'] },
  /** A VM that is to be restarted, and one beside it that is to be deleted. */
  events: {
    path: '/metadata/scheduledevents',
    versions: ['2017-08-01', '2017-11-01', '2019-01-01', '2019-04-01', '2019-08-01', '2020-07-01'],
  },
} as const satisfies Record<string, { readonly path: string; readonly versions: readonly string[] }>;

export type AnswersName = keyof typeof IMDS_ANSWERS;

export function answersFile(name: AnswersName): string {
  return resolve(import.meta.dirname, `../imdsAnswers/${name}.json`);
}

/** Each version with its answer, oldest first. */
export function readAnswers(name: AnswersName): ReadonlyMap<string, unknown> {
  const recorded = JSON.parse(readFileSync(answersFile(name), 'utf8')) as Readonly<Record<string, unknown>>;
  return new Map(
    IMDS_ANSWERS[name].versions.map((version) => {
      const since = Object.keys(recorded).findLast((recordedVersion) => recordedVersion <= version) ?? '';
      return [version, recorded[since]];
    }),
  );
}
