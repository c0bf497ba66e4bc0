import type { Offer } from '../offer.ts';
import type { CatalogueProblem, Upsert } from './cataloguePlan.ts';
import { SECOND } from '../../contract/durations.ts';

const DAY_SECONDS = 86_400;

/** How long licences last at most, grace included, by the member that they last for. Nothing, where there are none. */
const LIVES = {
  lifetime: ({ lifetime, grace }: Offer) => lifetime + grace,
  offlineLifetime: ({ offline, offlineLifetime, grace }: Offer) => (offline ? offlineLifetime + grace : 0),
} as const;

/**
 * Offers whose licences would last longer than signed key sets allow: clients refuse such a licence. An offer that was
 * stored with no shorter times can still be written, so that it can be suspended or shortened; its licences are cut
 * short when they are issued.
 *
 * @param life milliseconds: the most from a licence's issue to the end of its grace
 */
export function findLongOffers(offers: readonly Upsert<Offer>[], life: number): CatalogueProblem[] {
  return offers.flatMap(({ value, stored }, index) =>
    (['lifetime', 'offlineLifetime'] as const).flatMap((name) => {
      const lasts = LIVES[name](value);
      const isShortened = stored !== null && lasts <= LIVES[name](stored.value);
      if (lasts <= life || isShortened) return [];
      const field = name === 'lifetime' && value.lifetime <= life ? 'grace' : name;
      const message = `must be shorter: ${name} and grace together are at most ${formatLife(life)}, the LICENCE_LIFE_SECONDS of the service`;
      return [{ list: 'offers', index, code: 'request_malformed', field, message }];
    }),
  );
}

/** As a catalogue file writes durations. */
function formatLife(life: number): string {
  const seconds = life / SECOND;
  return seconds % DAY_SECONDS === 0 ? `"P${seconds / DAY_SECONDS}D"` : `"PT${seconds}S"`;
}
