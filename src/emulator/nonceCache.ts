/**
 * IMDS caches: a document can carry the nonce of an earlier request (the article's note on attested data).
 *
 * @returns the nonce to answer with: the one before it when a VM's nonce is new, the right one when it is asked for again
 */
export function createNonceCache(): (vm: string, nonce: string | undefined) => string | undefined {
  const latest = new Map<string, string | undefined>();
  return (vm, nonce) => {
    const cached = latest.get(vm);
    latest.set(vm, nonce);
    return cached;
  };
}
