/** Three parts in base64url, which is what a token looks like. The last one may be cut off. */
const TOKEN = /[\w-]{16,}\.[\w-]{16,}\.[\w-]*/g;

/** Text that another program wrote, without anything that may be a token. */
export function withoutTokens(text: string): string {
  return text.replace(TOKEN, '(token)');
}
