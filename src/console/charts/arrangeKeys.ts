import type { KeyReportJson } from '../../contract/operators/keys.ts';

/** Milliseconds since the epoch; null: it has begun already, or its end is not known. */
export interface Span {
  readonly from: number | null;
  readonly until: number | null;
}

/** One key in time. */
export interface KeyRow {
  readonly id: string;
  readonly kind: 'signing' | 'root';
  /** It is in a key set that is served; of a root key, its set is valid. null: it is not. */
  readonly published: Span | null;
  /** null: it does not sign, or nobody knows when. */
  readonly signs: Span | null;
}

export interface KeyPlan {
  /** What the drawing shows: a little before now, and until after the last time that is known. */
  readonly from: number;
  readonly until: number;
  readonly rows: readonly KeyRow[];
}

const LEAST = 30 * 86_400_000;
/** Shares of the time to come. */
const BEFORE = 0.15;
const AFTER = 0.08;

/** Keys as bars: a signing key is published, signs, and stays published until its last licence has ended. */
export function arrangeKeys({ signing, rootKeys }: KeyReportJson, now: number): KeyPlan {
  const handover = parse(signing.find(({ state }) => state === 'next')?.from ?? null);
  const rows: readonly KeyRow[] = [
    ...signing.map(({ kid, state, from, until, published }): KeyRow => {
      const signs = {
        next: { from: parse(from), until: null },
        current: { from: null, until: handover },
        retired: null,
      };
      const isKnown = state !== 'next' || from !== null;
      return {
        ...{ id: kid, kind: 'signing', signs: isKnown ? signs[state] : null },
        published: published ? { from: null, until: parse(until) } : null,
      };
    }),
    ...rootKeys.map(({ thumbprint, set }): KeyRow => {
      const published = set && { from: Date.parse(set.issuedAt), until: Date.parse(set.expiresAt) };
      return { id: thumbprint ?? '', kind: 'root', published, signs: null };
    }),
  ];
  const times = rows.flatMap(({ published, signs }) => [published?.until, signs?.from, signs?.until]);
  const span = Math.max(LEAST, ...times.filter((at) => typeof at === 'number').map((at) => at - now));
  return { from: now - span * BEFORE, until: now + span * (1 + AFTER), rows };
}

function parse(at: string | null): number | null {
  return at === null ? null : Date.parse(at);
}
