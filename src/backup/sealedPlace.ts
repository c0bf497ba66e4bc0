import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import * as z from 'zod';
import { RECORD_KINDS } from './records.ts';

/* Where a backup goes on. The caller carries it from request to request: nothing of it is stored, and nobody else can write one. */

const place = z.strictObject({
  /** Of the backup. */
  id: z.uuid(),
  asOf: z.int().min(0),
  /** How many parts there are already, and their digest. */
  parts: z.int().min(1),
  digest: z.string(),
  kind: z.enum(RECORD_KINDS),
  /** What was read last, as the store names it; null at the beginning of the kind. */
  after: z.array(z.string()).max(4).nullable(),
});

export type BackupPlace = z.output<typeof place>;

export interface PlaceSeal {
  seal(at: BackupPlace): string;
  /** @returns null for what no instance with one of these secrets has sealed */
  open(text: string): BackupPlace | null;
}

/** What is MACed with this key is nothing else. */
const LABEL = 'countersign backup continuation';
const KEY_OCTETS = 32;

/** @param secrets of challenges: the first seals, all open, so that they can be rotated */
export function createPlaceSeal(issuer: string, secrets: readonly { readonly secret: Uint8Array }[]): PlaceSeal {
  const keys = secrets.map(({ secret }) => Buffer.from(hkdfSync('sha256', secret, issuer, LABEL, KEY_OCTETS)));
  const [first] = keys;
  if (first === undefined) throw new TypeError('There is no secret.');
  const macOf = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest();
  return {
    seal: (at) => {
      const text = Buffer.from(JSON.stringify(at)).toString('base64url');
      return `${text}.${macOf(first, text).toString('base64url')}`;
    },
    open: (sealed) => {
      const [text = '', mac = '', ...more] = sealed.split('.');
      const given = Buffer.from(mac, 'base64url');
      const isOurs = keys.some((key) => {
        const own = macOf(key, text);
        return own.length === given.length && timingSafeEqual(own, given);
      });
      if (!isOurs || more.length > 0) return null;
      const parsed = place.safeParse(JSON.parse(Buffer.from(text, 'base64url').toString('utf8')));
      return parsed.success ? parsed.data : null;
    },
  };
}
