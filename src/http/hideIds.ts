import { createHmac } from 'node:crypto';

/** What stands in a line for a text with ids in it. */
export type HideIds = (name: string, text: string) => string;

const UUID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;

/** Members with a UUID that is not a VM's or a subscription's: of a decision or a licence token, and of an operator. */
const OTHER_IDS = ['correlationId', 'operator'];

/** Characters: 96 bits, so that no two ids of a fleet look alike. */
const HASH_LENGTH = 16;

/**
 * Hashes the ids of VMs and subscriptions in lines of the log, wherever they stand: equal ids are hashed alike, in upper
 * case too. There are few enough ids that a plain digest could be found by trying, so that it is HMAC-SHA-256.
 *
 * @param secret of the service, which readers of the log do not have
 */
export function createHideIds(secret: Uint8Array): HideIds {
  const key = createHmac('sha256', secret).update('countersign: ids in the log').digest();
  const hide = (id: string) =>
    `~${createHmac('sha256', key).update(id.toLowerCase()).digest('base64url').slice(0, HASH_LENGTH)}`;
  return (name, text) => (OTHER_IDS.includes(name) ? text : text.replace(UUID, hide));
}
