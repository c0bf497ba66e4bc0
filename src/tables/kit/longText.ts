/** UTF-16 units of one property: its 64 KiB hold 32,768. */
const MAX_PIECE = 30_000;
const MAX_PIECES = 14;

/** UTF-16 units of a text in several properties; a row has 1 MiB. A piece may be a unit shorter than it could. */
export const MAX_LONG_TEXT = (MAX_PIECE - 1) * MAX_PIECES;

/** `content`, `content2`, `content3` and so on. */
function namePiece(name: string, index: number): string {
  return index === 0 ? name : `${name}${index + 1}`;
}

/** The properties that hold a text of at most {@link MAX_LONG_TEXT} units. @throws {RangeError} */
export function splitText(name: string, text: string): Readonly<Record<string, string>> {
  if (text.length > MAX_LONG_TEXT) throw new RangeError(`A text of a row has at most ${MAX_LONG_TEXT} characters.`);
  const pieces: Record<string, string> = { [name]: '' };
  for (let [index, from] = [0, 0]; from < text.length; index += 1) {
    const piece = text.slice(from, from + MAX_PIECE);
    // Half a surrogate pair at the end goes to the next one: no property could hold it.
    const whole = piece.isWellFormed() ? piece : piece.slice(0, -1);
    pieces[namePiece(name, index)] = whole;
    from += whole.length;
  }
  return pieces;
}

/** The row with the whole text where its first piece is. */
export function joinText(name: string, entity: unknown): Readonly<Record<string, unknown>> {
  const row = entity as Readonly<Record<string, unknown>>;
  const pieces = Array.from({ length: MAX_PIECES }, (_, index) => row[namePiece(name, index)]);
  const texts = pieces.filter((piece) => typeof piece === 'string');
  return texts.length === 0 ? row : { ...row, [name]: texts.join('') };
}
