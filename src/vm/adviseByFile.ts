import type { ProblemCode } from '../contract/codes.ts';

const NEW_REQUEST = 'Write a new request on the VM, and send that.';

const ADVICE: Readonly<Partial<Record<ProblemCode, string>>> = {
  document_too_old: `The request is older than seven days. ${NEW_REQUEST}`,
  document_not_yet_valid: `The document of the request was made in the future. Check the clocks. ${NEW_REQUEST}`,
  nonce_mismatch: `The document does not name the key that signed the request. ${NEW_REQUEST}`,
  challenge_replayed: `A licence was issued for this request already, or for a newer one of the VM. ${NEW_REQUEST}`,
  plan_unknown:
    'No offer has the plan of the VM, or the request is for another product. Compare the product that the software asks for with the offer.',
};

/** @returns what to do, where that is something else than for a VM that asks itself; else null */
export function adviseByFile(code: ProblemCode): string | null {
  return ADVICE[code] ?? null;
}
