import { CONSOLE_PAGES } from '../../contract/consolePages.ts';
import type { ConsolePage } from '../../contract/consolePages.ts';

/** Where in the console somebody is, as the address says it. */
export interface Place {
  /** null for an address that is none of the console's. */
  readonly page: ConsolePage | null;
  /** Of the object that the page is about; empty for a list. */
  readonly id: string;
  /** Filters, and what else a page keeps in its address. */
  readonly query: Readonly<Record<string, string>>;
}

/** @param home path of the console, with a slash at its end */
export function parsePlace(home: string, { pathname, search }: Pick<URL, 'pathname' | 'search'>): Place {
  const [name = '', id = '', ...rest] = `${pathname}/`.startsWith(home)
    ? pathname.slice(home.length).split('/')
    : ['?'];
  const page = CONSOLE_PAGES.find((one) => one === name) ?? null;
  const query = Object.fromEntries(new URLSearchParams(search));
  return { page: rest.some((part) => part !== '') ? null : page, id: decode(id), query };
}

/** The opposite of {@link parsePlace}; an empty value of the query is left out. */
export function writePlace(home: string, { page, id = '', query = {} }: Target): string {
  const path = id === '' ? page : `${page}/${encodeURIComponent(id)}`;
  const given = Object.entries(query).filter((entry): entry is [string, string] => (entry[1] ?? '') !== '');
  return `${home}${path}${given.length === 0 ? '' : `?${new URLSearchParams(given).toString()}`}`;
}

/** Where a link leads. */
export interface Target {
  readonly page: ConsolePage;
  readonly id?: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
