/** Characters of an id that are shown; longer ones are shortened. */
const LONGEST = 16;
const SHOWN = 8;

/** @returns the beginning of a long id, with a mark that it goes on */
export function shortenId(id: string): string {
  return id.length > LONGEST ? `${id.slice(0, SHOWN)}…` : id;
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** Whether it is the whole id of a VM, a subscription or a decision. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}
