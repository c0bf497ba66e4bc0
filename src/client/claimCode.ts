/** A claim code as somebody typed it, with or without its hyphens and spaces. The service reads no longer one. */
export const CLAIM_CODE = /^[\x20-\x7e]{1,128}$/;

const PREFIX = 'countersign-claim=';
/** Characters. Azure takes 64 KB of user data; this is its base64, with room for line ends. */
const MAX_USER_DATA = 90_000;
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/**
 * Finds the first line `countersign-claim=CODE` of a VM's user data. White space around a line does not matter, so that it can
 * stand in a block of a cloud-config file; all other lines belong to other programs.
 *
 * @param userData base64, as IMDS answers with it
 * @returns undefined where there is no such line, or where the text is empty, not base64 or too long
 */
export function findClaimCode(userData: string): string | undefined {
  if (userData.length > MAX_USER_DATA) return undefined;
  const base64 = userData.replace(/\s+/g, '');
  if (!BASE64.test(base64)) return undefined;
  return Buffer.from(base64, 'base64')
    .toString('utf8')
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line.startsWith(PREFIX))
    .map((line) => line.slice(PREFIX.length))
    .find((code) => CLAIM_CODE.test(code));
}
