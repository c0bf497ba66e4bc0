import { generateKeyPairSync, sign } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { KeyPair, KeyStore } from '../../../src/client/adapters.ts';
import { publicJwkOf } from '../../../src/client/tokens/es256.ts';

/** What must stay in the device. Its errors say it, as drivers do that were never meant for a log. */
export const DEVICE_SECRET = 'handle 0x81000001, auth 7f3d9c';

/**
 * A key store like a TPM: private keys are created inside, never leave, and only sign. It knows nothing of the folder, takes
 * its time, fails, and is cleared.
 */
export class DeviceKeys implements KeyStore {
  /** What fails from now on; nothing by default. */
  fails: 'open' | 'sign' | undefined;
  /** How often a key has signed. */
  signatures = 0;
  #slots = new Map<string, KeyPair>();

  async open(vmId: string, { create = true }: { readonly create?: boolean } = {}): Promise<KeyPair | undefined> {
    await this.#work('open');
    if (create && !this.#slots.has(vmId)) this.#slots.set(vmId, this.#createPair());
    return this.#slots.get(vmId);
  }

  /** Somebody clears the device. */
  clear(): void {
    this.#slots = new Map();
  }

  #createPair(): KeyPair {
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = publicJwkOf({ ...publicKey.export({ format: 'jwk' }) });
    if (jwk === undefined) throw new Error('This is no P-256 key.');
    const signInside = async (octets: Uint8Array): Promise<Uint8Array> => {
      await this.#work('sign');
      this.signatures += 1;
      return sign('sha256', octets, { key: privateKey, dsaEncoding: 'ieee-p1363' });
    };
    return { jwk, sign: signInside };
  }

  /** Some turns of the event loop go by, as while a driver waits for the device. */
  async #work(what: 'open' | 'sign'): Promise<void> {
    for (let turns = 0; turns < 20; turns++) await nextTurn();
    if (this.fails === what) throw new Error(`The device failed: ${DEVICE_SECRET}`);
  }
}
