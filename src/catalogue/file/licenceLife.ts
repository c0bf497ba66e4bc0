import type { Offer } from '../offer.ts';
import type { CatalogueProblem, Upsert } from './cataloguePlan.ts';
import { SECOND } from '../../contract/durations.ts';

const DAY_SECONDS = 86_400;

/**
 * Offers whose licences would last longer than signed key sets allow: clients refuse such a licence. An offer that was
 * stored with no shorter times can still be written, so that it can be suspended or shortened; its licences are cut
 * short when they are issued.
 *
 * @param life milliseconds: the most from a licence's issue to the end of its grace
 */
export function findLongOffers(offers: readonly Upsert<Offer>[], life: number): CatalogueProblem[] {
  return offers.flatMap(({ value, stored }, index) => {
    const isShortened = stored !== null && totalOf(value) <= totalOf(stored.value);
    if (totalOf(value) <= life || isShortened) return [];
    const field = value.lifetime > life ? 'lifetime' : 'grace';
    const message = `must be shorter: lifetime and grace together are at most ${formatLife(life)}, the LICENCE_LIFE_SECONDS of the service`;
    return [{ list: 'offers', index, code: 'request_malformed', field, message }];
  });
}

function totalOf({ lifetime, grace }: Offer): number {
  return lifetime + grace;
}

/** As a catalogue file writes durations. */
function formatLife(life: number): string {
  const seconds = life / SECOND;
  return seconds % DAY_SECONDS === 0 ? `"P${seconds / DAY_SECONDS}D"` : `"PT${seconds}S"`;
}
