import type { EvidenceCode } from '../contract/codes.ts';
import { PROBLEMS } from '../contract/problems.ts';

/** What to do about a document that was refused on this machine: no service gave a correlation id that could be quoted. */
export function adviseOn(code: EvidenceCode): string {
  return PROBLEMS[code].advice.replace(' and quote the correlation id', '');
}
