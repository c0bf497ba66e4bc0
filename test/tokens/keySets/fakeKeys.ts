import { SigningKeyUnavailableError } from '../../../src/tokens/signer.ts';
import type { Signer } from '../../../src/tokens/signer.ts';
import { createLocalSigner } from '../../../src/tokens/localSigner.ts';
import type { SigningKey } from '../../../src/tokens/keySet.ts';
import { ANY_KEY } from '../../../src/tokens/signingKeys.ts';
import type { MaySign, SigningKeys } from '../../../src/tokens/signingKeys.ts';
import type { RootKey } from '../../../src/tokens/rootKey.ts';
import { createKeyPair, pkcs8 } from '../forge.ts';

/** Keys in memory, which the test changes while they are in use. */

export function createSigner(): Signer {
  return createLocalSigner(pkcs8(createKeyPair().privateKey));
}

/** The first of `signers` is the current one; all are published. */
export class FakeSigningKeys implements SigningKeys {
  signers: Signer[];
  /** When the list was read; now unless set. */
  asOf: number | null = null;
  goodUntil = Number.POSITIVE_INFINITY;
  isAway = false;

  constructor(...signers: Signer[]) {
    this.signers = signers;
  }

  readSigner(_: number, choices: readonly MaySign[] = [ANY_KEY]): Promise<Signer> {
    if (this.isAway) return Promise.reject(new SigningKeyUnavailableError('away'));
    for (const maySign of choices) {
      const signer = this.signers.find(({ kid }) => maySign(kid));
      if (signer !== undefined) return Promise.resolve(signer);
    }
    return Promise.reject(new SigningKeyUnavailableError('no key may sign'));
  }

  readPublished(at: number) {
    if (this.isAway) return Promise.reject(new SigningKeyUnavailableError('away'));
    const keys = this.signers.map(({ publicJwk }, index): SigningKey =>
      index === 0 ? { state: 'current', publicJwk } : { state: 'next', publicJwk, from: null },
    );
    return Promise.resolve({ keys, asOf: this.asOf ?? at, goodUntil: this.goodUntil, troubles: [] });
  }
}

/** A root key as one in a vault: it can be away, and tells how often it signed. */
export class FakeRoot implements RootKey {
  readonly source = 'vault';
  signer: Signer;
  isAway = false;
  signed = 0;
  asked = 0;
  /** What a signature waits for. */
  gate: Promise<void> = Promise.resolve();

  constructor(signer: Signer = createSigner()) {
    this.signer = signer;
  }

  get kid(): string {
    return this.signer.kid;
  }

  readSigner(): Promise<Signer> {
    this.asked += 1;
    if (this.isAway) return Promise.reject(new SigningKeyUnavailableError('the vault is away'));
    return Promise.resolve({ ...this.signer, sign: (input) => this.#sign(input) });
  }

  async #sign(input: Uint8Array): Promise<Uint8Array> {
    await this.gate;
    this.signed += 1;
    return this.signer.sign(input);
  }
}
