import { expect, test } from 'vitest';
import { readSources } from '../support/sources.ts';

/*
 * The reader is an operator at night or an engineer whose first language may not be English. These wordings stopped such
 * readers before; each has a plain one beside it. Names of things are not looked at: a test of wordings is no spell checker.
 */

const WORDINGS: readonly (readonly [stumbles: RegExp, plain: string])[] = [
  [/\bwho can mend\b|\bmend(s|ed|ing|ers?)?\b/i, 'fix'],
  [/(^|[^?\w])Again\?/, 'Is it worth retrying?'],
  [/\bone is a broken client\b/i, 'An isolated case is usually a broken client'],
  [/\bnobody[’']s\b/i, 'name who is or is not affected'],
  [/\bby the names that it has\b/i, 'judging by its subject names'],
  [/\bso looks?\b|\bso a change of\b/i, 'Seen when …, Typical of …'],
  [/\bgoes? on to count\b/i, 'stays valid'],
  [/\bit was meant\b|\bmeant (so|for good)\b/i, 'This is intentional'],
  [/\b(has|have) not got\b/i, 'is not installed here'],
  [/\bprolong/i, 'extend'],
  [/\bis not refused so\b/i, 'is never refused for this reason'],
  [/\bsomething that it was not made for\b/i, 'An unexpected internal error occurred'],
  [/\bis good, and has not\b/i, 'is valid but lacks'],
  [/\bonly has to end\b/i, 'is still running'],
  [/\bcomes from the future\b/i, 'is dated in the future'],
  [/\btold when to come again\b/i, 'told when to retry'],
  [/\bvessel\b/i, 'scope'],
  [/\bfor the asking\b/i, 'would let anyone have it'],
  [/\bas dear as\b|\bdearer\b/i, 'costs as much as'],
  [/\bsent away\b/i, 'told to retry'],
  [/\b(its|the) seat frees itself\b|\bfrees itself\b/i, 'is freed automatically'],
  [/\bsomebody took it back\b/i, 'was removed concurrently'],
  [/\bbrings? along\b/i, 'bundled with'],
  [/\bthat are none\b/i, 'anything else'],
  [/\bwith the word of Azure\b/i, 'backed by Azure’s attestation'],
  [/\btrust amounts to\b|\bhand amount to\b/i, 'report trust status'],
  [/\bthe time that it is about\b/i, 'evaluate as of this time'],
  [/\byou vouch for it\b/i, 'you have verified its fingerprint'],
  [/\bonly whoever sets\b/i, 'for initial setup only'],
  [/\bas if it had never been\b/i, 'removes it'],
  [/\bhas no column or member for\b/i, 'fields absent from the file'],
  [/\bwhat is no such line\b/i, 'invalid lines'],
  [/\ba word holds\b/i, 'how quickly changes take effect'],
  [/\btwo temperatures\b/i, 'hot and cold paths'],
  [/\bTAKING_BACK\b|\btak(en?|es) it back\b/i, 'roll back, undo'],
  [/\bwhoever may\b/i, 'anyone who can'],
  [/\bit is told\b/i, 'it gets, it receives'],
  [/\bbegin(s)? again\b|\bbegun anew\b/i, 'start over'],
];

const texts = readSources(
  'src/**/*.{ts,tsx}',
  'functions/**/*.ts',
  'infra/**/*.{ts,bicep}',
  'docs/**/*.md',
  '*.md',
  'src/**/*.md',
  '.github/**/*.md',
);

/** A wording counts across the ends of lines too, in comments as in prose. */
const joinLines = (text: string): string => text.replace(/\s*\n\s*(?:\*|\/\/|>)?\s*/g, ' ');

function findWordings(lines: string): string[] {
  const text = joinLines(lines);
  return WORDINGS.flatMap(([stumbles, plain]) => {
    const [found] = stumbles.exec(text) ?? [];
    return found === undefined ? [] : [`"${found}": write "${plain}"`];
  });
}

test('no message, comment or page has a wording that stops its reader', () => {
  const found = texts.flatMap(({ path, text }) => findWordings(text).map((what) => `${path}: ${what}`));
  expect(texts.length).toBeGreaterThan(100);
  expect(found).toEqual([]);
});

test.each([
  ['Who can mend it', 1],
  ['its seat frees itself', 1],
  ['// its seat frees\n  // itself', 1],
  ['Who can fix this. The seat is freed automatically.', 0],
])('the test finds its wordings: %s', (text, count) => {
  expect(findWordings(text)).toHaveLength(count);
});
