/** Characters of an id that are shown; longer ones are shortened. */
const LONGEST = 16;
const SHOWN = 8;

/** @returns the beginning of a long id, with a mark that it goes on */
export function shortenId(id: string): string {
  return id.length > LONGEST ? `${id.slice(0, SHOWN)}…` : id;
}
