import { GRANT_CODES } from '../../contract/codes.ts';

/** Whether a VM was granted something by this, and not refused. */
export function isGrant(code: string): boolean {
  return GRANT_CODES.some((grant) => grant === code);
}
