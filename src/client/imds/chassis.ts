import type { ChassisTag } from '../adapters.ts';

/** The chassis asset tag of every Azure VM; cloud-init tells Azure by it too. */
const AZURE_TAG = '7783-7084-3265-9085-8269-3286-77';

/** Whether this hardware can be the one that Azure vouched for. */
export type Chassis = 'known' | 'foreign' | 'unreadable';

/** Whatever is known beside it, this hardware is Azure's. */
export function isAzures(tag: ChassisTag): boolean {
  return tag.readable && tag.tag === AZURE_TAG;
}

/**
 * @param tag read now
 * @param kept the tag that was read when the licence in hand was issued; null where there is none
 */
export function judgeChassis(tag: ChassisTag, kept: string | null): Chassis {
  if (!tag.readable) return 'unreadable';
  return isAzures(tag) || tag.tag === kept ? 'known' : 'foreign';
}
