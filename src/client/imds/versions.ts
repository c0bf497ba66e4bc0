import { member, parseJsonObject } from '../members.ts';

/** The api-versions that this client knows, oldest first. They are dates, so their text sorts as they do. */
const VERSIONS = [
  '2017-03-01',
  '2017-04-02',
  '2017-08-01',
  '2017-10-01',
  '2017-12-01',
  '2018-02-01',
  '2018-04-02',
  '2018-10-01',
  '2019-02-01',
  '2019-03-11',
  '2019-04-30',
  '2019-06-01',
  '2019-06-04',
  '2019-08-01',
  '2019-08-15',
  '2019-11-01',
  '2020-06-01',
  '2020-07-15',
  '2020-09-01',
  '2020-10-01',
  '2020-12-01',
  '2021-01-01',
  '2021-02-01',
  '2021-03-01',
  '2021-05-01',
  '2021-08-01',
  '2021-10-01',
  '2021-11-01',
  '2021-11-15',
  '2021-12-13',
  '2023-07-01',
  '2023-11-15',
  '2024-03-15',
  '2024-07-17',
  '2025-04-07',
] as const;

/** `/instance` has `userData` from this version on. */
export const USER_DATA_SINCE = '2021-01-01';

/** What IMDS is asked for. Not every host knows the newest versions, so they are found out for each apart. */
export type Purpose = 'licence' | 'instance' | 'events';

/** Asked for first. */
export const PREFERRED_VERSIONS: Readonly<Record<Purpose, string>> = {
  // The oldest that is complete, because every host has it.
  licence: USER_DATA_SINCE,
  // The one with the most fields.
  instance: '2025-04-07',
  events: '2020-07-01',
};

const KNOWN: Readonly<Record<Purpose, readonly string[]>> = {
  // Since then there are attested documents. Since 2020-09-01 they have every field that the service decides on.
  licence: VERSIONS.filter((version) => version >= '2018-10-01'),
  instance: VERSIONS,
  // Scheduled events count their versions on their own; some stand in the list of all others too.
  events: ['2017-08-01', '2017-11-01', '2019-01-01', '2019-04-01', '2019-08-01', '2020-07-01'],
};

/**
 * @param texts answers that may hold a list of versions: `apiVersions`, or `newest-versions` of a refusal
 * @returns the newest version that both know, or undefined
 */
export function newestKnownVersion(purpose: Purpose, texts: readonly string[]): string | undefined {
  const offered = texts.flatMap(listVersions);
  return KNOWN[purpose].findLast((version) => offered.includes(version));
}

function listVersions(text: string): readonly unknown[] {
  const object = parseJsonObject(text) ?? {};
  return ['apiVersions', 'newest-versions'].flatMap((name) => {
    const list = member(object, name);
    return Array.isArray(list) ? (list as unknown[]) : [];
  });
}
