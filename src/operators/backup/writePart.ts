import { RECORD_KINDS } from '../../backup/records.ts';
import type { BackupLine, RecordKind } from '../../backup/records.ts';
import { lengthOfText, MAX_PART, writeLine } from '../../backup/parts.ts';
import type { BackupSource, KeptLines, ReadPlace } from '../../backup/store.ts';
import type { PublishedJwk } from '../../contract/claims.ts';

/** Where a part begins: after which object of which kind. */
export interface PartPlace {
  readonly kind: RecordKind;
  readonly after: ReadPlace;
}

export interface WrittenPart {
  readonly text: string;
  readonly counts: Readonly<Partial<Record<RecordKind, number>>>;
  /** Where the next one begins; null after the last one. */
  readonly next: PartPlace | null;
}

export interface PartNeeds {
  readonly store: BackupSource;
  /** Those that are published now. */
  readonly keys: readonly PublishedJwk[];
  /** Seconds from a licence's issue to the end of its grace, at most. */
  readonly life: number;
  /** Asked after each call of the store: whether the part ends though it has room. */
  readonly isLate: () => boolean;
}

/** As much as one part has room for, or as could be read in time, which may be nothing. @throws {StoreUnavailableError} */
export async function writePart(needs: PartNeeds, begin: PartPlace): Promise<WrittenPart> {
  const part = { text: '', octets: 0, counts: {} as Partial<Record<RecordKind, number>> };
  let place: PartPlace | null = begin;
  while (place !== null) {
    const { kind }: PartPlace = place;
    const { lines, next } = await readKept(needs, place);
    for (const { line, place: after } of lines) {
      if (!add(part, line)) return { ...part, next: place };
      place = { kind, after };
    }
    place = next === 'end' ? nextKind(kind) : { kind, after: next };
    if (needs.isLate()) break;
  }
  return { ...part, next: place };
}

function add(part: { text: string; octets: number; counts: Partial<Record<RecordKind, number>> }, line: BackupLine) {
  const text = writeLine(line);
  const octets = lengthOfText(text);
  if (part.octets + octets > MAX_PART) {
    if (part.octets > 0) return false;
    throw new RangeError(`An object of kind ${line.kind} is too long for a part of a backup.`);
  }
  part.text += text;
  part.octets += octets;
  part.counts[line.kind] = (part.counts[line.kind] ?? 0) + 1;
  return true;
}

function readKept({ store, keys, life }: PartNeeds, { kind, after }: PartPlace): Promise<KeptLines> {
  if (kind !== 'key') return store.readKept(kind, after);
  const left = keys.filter(({ kid }) => after === null || kid > (after[0] ?? ''));
  const lines = left
    .toSorted((one, other) => (one.kid < other.kid ? -1 : 1))
    .map(({ kty, crv, x, y, kid }) => ({ line: { kind, jwk: { kty, crv, x, y }, life }, place: [kid] }));
  return Promise.resolve({ lines, next: 'end' });
}

function nextKind(kind: RecordKind): PartPlace | null {
  const next = RECORD_KINDS[RECORD_KINDS.indexOf(kind) + 1];
  return next === undefined ? null : { kind: next, after: null };
}
