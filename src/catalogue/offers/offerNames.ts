import { foldCase, formatPlanName } from '../../contract/planName.ts';
import type { Offer } from '../offer.ts';

/** The names under which an offer is found: of two offers with one in common, nobody could say which is meant. */
export function sellsTheSame(offer: Offer): readonly string[] {
  const { publisher, product, name } = offer.plan;
  return [product, ...offer.productAliases].map((one) => foldCase(`${publisher}/${one}/${name}`));
}

/** What makes two offers the same row. */
export function offerKey({ plan }: Pick<Offer, 'plan'>): string {
  return foldCase(formatPlanName(plan));
}
