import type { AttestedPlan } from '../contract/attestation.ts';

/** Letters, marks, digits, punctuation and symbols of any script. Neither controls nor what turns the writing round. */
const UNPRINTABLE = /[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu;

/** What a stranger wrote goes to a terminal, so that nothing in it may steer the terminal. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '?');
}

const LONGEST_EXCERPT = 200;

/** As {@link printable}, and no more than some lines. */
export function excerpt(text: string): string {
  const characters = Array.from(printable(text));
  return characters.length <= LONGEST_EXCERPT
    ? characters.join('')
    : `${characters.slice(0, LONGEST_EXCERPT).join('')}…`;
}

/** `publisher/product/name`; nothing where the document names no plan. */
export function formatPlan({ publisher, product, name }: AttestedPlan): string {
  const parts = [publisher, product, name].map((part) => part ?? '');
  return parts.every((part) => part === '') ? '' : parts.join('/');
}

/** A line for each fact, the values below each other. */
export function rows(facts: Readonly<Record<string, string>>): string {
  const width = Math.max(...Object.keys(facts).map((name) => name.length));
  return Object.entries(facts)
    .map(([name, value]) => `  ${name.padEnd(width)}  ${printable(value)}\n`)
    .join('');
}
