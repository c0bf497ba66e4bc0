import { MAX_BODY } from '../../contract/bodySize.ts';

/** What one request carries of a file. */
export interface FilePart {
  readonly text: string;
  readonly mediaType: string;
  /** Where it begins in the file, such as `line 802` or `licences[800]`. */
  readonly first: string;
  /** A message of the service about this part, with the places of the whole file. */
  readonly placed: (message: string) => string;
  /** What this part adds to the sums: offers that it only repeats do not count. */
  readonly counts: readonly ('offers' | 'licences')[];
}

export interface FileBody {
  readonly text: string;
  readonly mediaType: string;
}

/** Whether one request has room for it. */
export function fitsOneRequest({ text }: FileBody): boolean {
  return Buffer.byteLength(text) <= MAX_BODY;
}

/** A file that one request has room for. */
export function wholeFile(body: FileBody): readonly FilePart[] {
  return [{ ...body, first: 'the file', placed: (message) => message, counts: ['offers', 'licences'] }];
}

/**
 * The items in their order, in groups that each have room; one that has none by itself is a group, and the service tells.
 *
 * @param octetsOf of an item, given those that are in its group already
 * @returns index and number of each group's items
 */
export function groupItems<T>(
  items: readonly T[],
  room: number,
  octetsOf: (item: T, isFirst: boolean) => number,
): readonly { readonly from: number; readonly items: readonly T[] }[] {
  const groups: { from: number; items: T[] }[] = [];
  let left = 0;
  items.forEach((item, index) => {
    const octets = octetsOf(item, false);
    let group = groups.at(-1);
    if (group === undefined || octets > left) {
      group = { from: index, items: [] };
      groups.push(group);
      left = room - octetsOf(item, true);
    } else {
      left -= octets;
    }
    group.items.push(item);
  });
  return groups;
}
