import { formatInstant } from '../../../contract/instants.ts';
import { thumbprint } from '../../../tokens/publicJwk.ts';
import type { KeySetInput } from '../../../tokens/signedKeySet.ts';
import type { Terminal } from '../../command.ts';
import { rows } from '../../layout.ts';
import { formatTable } from '../../table.ts';
import type { PreviousSet } from './keySetFiles.ts';

/** What is to be signed, beside what was signed before. */
export interface Review {
  readonly root: string;
  readonly input: KeySetInput;
  readonly previous: PreviousSet | null;
}

/** How a set differs from the one before, by thumbprints of keys. Without one before, all keys are new. */
export interface KeyChanges {
  readonly added: readonly string[];
  readonly kept: readonly string[];
  readonly removed: readonly string[];
}

export function compareKeys({ input, previous }: Review): KeyChanges {
  const present = input.keys.map(thumbprint);
  const before = previous?.claims.keys.map(({ kid }) => kid) ?? [];
  return {
    added: present.filter((kid) => !before.includes(kid)),
    kept: present.filter((kid) => before.includes(kid)),
    removed: before.filter((kid) => !present.includes(kid)),
  };
}

const DAY = 86_400;

/** For whoever holds the root key: everything that the signature will stand for. */
export function formatReview(review: Review, terminal: Terminal | null): string {
  const { root, input, previous } = review;
  const { issuer, iat, seconds, life } = input;
  const days = `${seconds / DAY} days`;
  const facts = {
    'root key': root,
    issuer,
    signed: formatInstant(iat * 1_000),
    ends: `${formatInstant((iat + seconds) * 1_000)}, after ${days}`,
    life: `${life} seconds from the issue of a licence to the end of its grace`,
  };
  return `The key set to sign\n${rows(facts, terminal)}\n${formatKeys(review, terminal)}${describeRest(root, life, previous)}`;
}

function formatKeys(review: Review, terminal: Terminal | null): string {
  const { added, kept, removed } = compareKeys(review);
  const list = [
    ...added.map((kid) => ({ kid, change: review.previous === null ? 'key' : 'added' })),
    ...kept.map((kid) => ({ kid, change: 'kept' })),
    ...removed.map((kid) => ({
      kid,
      change: 'REMOVED: licences under it no longer count for clients that get this set',
    })),
  ];
  return formatTable(
    list,
    [
      ['SIGNING KEY', ({ kid }) => kid],
      [review.previous === null ? '' : 'CHANGE', ({ change }) => change],
    ],
    terminal,
  );
}

function describeRest(root: string, life: number, previous: PreviousSet | null): string {
  if (previous === null) return '\nThere is no previous set to compare with: --previous FILE names one.\n';
  const { claims } = previous;
  const lines = [
    `The previous set was signed on ${formatInstant(claims.iat * 1_000)} and ends on ${formatInstant(claims.exp * 1_000)}.`,
    previous.root === root ? null : `It was signed by another root key: ${previous.root}.`,
    claims.life === life ? null : `Its life was ${claims.life} seconds.`,
  ];
  return `\n${lines.filter((line) => line !== null).join('\n')}\n`;
}
