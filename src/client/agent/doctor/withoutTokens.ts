/** Letters of base64url, and points. One expression for the whole token would take quadratic time on a long run of letters. */
const RUN = /[\w.-]{34,}/g;
const MIN_PART = 16;

/** Text that another program wrote, without anything that may be a token: parts in base64url, the last one perhaps cut off. */
export function withoutTokens(text: string): string {
  return text.replace(RUN, (run) => (isToken(run.split('.')) ? '(token)' : run));
}

/** Three long parts; or two where the first one begins as a header in JSON does. Names of hosts are neither. */
function isToken(parts: readonly string[]): boolean {
  const isLong = (index: number) => (parts[index] ?? '').length >= MIN_PART;
  return parts.some((part, at) => isLong(at) && isLong(at + 1) && (isLong(at + 2) || part.startsWith('eyJ')));
}
