/** Azure signs with about one certificate a region at a time; this is room for all regions of all clouds, twice over. */
const CAPACITY = 256;

/**
 * A bounded cache of verified leaves, by the SHA-256 of their DER. The entry that entered first leaves first. A
 * stranger cannot fill it: only leaves under a pinned path, with a signature that verified, ever enter.
 */
export class LeafCache<Leaf> {
  readonly #entries = new Map<string, Leaf>();
  readonly #capacity: number;

  constructor(capacity = CAPACITY) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  get(digest: string): Leaf | undefined {
    return this.#entries.get(digest);
  }

  add(digest: string, leaf: Leaf): void {
    this.#entries.delete(digest);
    this.#entries.set(digest, leaf);
    for (const oldest of this.#entries.keys()) {
      if (this.#entries.size <= this.#capacity) return;
      this.#entries.delete(oldest);
    }
  }
}
