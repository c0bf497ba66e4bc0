import type { OfferMember } from '../../contract/offerHelp.ts';
import type { OfferJson } from '../../contract/operators/offer.ts';
import type { FieldProblem } from '../../contract/wire.ts';

/** An offer as the fields of its form have it: texts, as they are typed. An empty one stands for the default. */
export type OfferDraft = Readonly<Record<OfferMember | 'trialSeats', string>>;

export const NEW_OFFER: OfferDraft = {
  ...{ offer: '', mode: 'licensed', status: 'active', productAliases: '', clouds: '*', skus: '*' },
  ...{ seats: 'unlimited', overage: '0', trial: '', trialSeats: '' },
  ...{ lifetime: '', renewAfter: '', grace: '', lease: '', offlineLifetime: '' },
  ...{ requireKey: 'true', keyChanges: '1', withoutPlan: 'false', onForeignPlan: 'refuse' },
  ...{ earlyRelease: 'false', offline: 'false', features: '{}' },
};

export function draftOffer(offer: OfferJson): OfferDraft {
  const { seats = 'unlimited', overage = 0, trial } = offer;
  return {
    ...{ offer: offer.offer, mode: offer.mode, status: offer.status },
    ...{
      productAliases: offer.productAliases.join('\n'),
      clouds: writeList(offer.clouds),
      skus: writeList(offer.skus),
    },
    ...{ seats: String(seats), overage: String(overage) },
    ...{ trial: String(trial?.days ?? ''), trialSeats: String(trial?.seats ?? '') },
    ...{ lifetime: offer.lifetime, renewAfter: offer.renewAfter, grace: offer.grace, lease: offer.lease },
    ...{ offlineLifetime: offer.offlineLifetime, requireKey: String(offer.requireKey) },
    ...{ keyChanges: String(offer.keyChanges), withoutPlan: String(offer.withoutPlan) },
    ...{ onForeignPlan: offer.onForeignPlan, earlyRelease: String(offer.earlyRelease), offline: String(offer.offline) },
    features: JSON.stringify(offer.features, null, 2),
  };
}

export interface ReadDraft {
  /** What is sent; the service judges it. */
  readonly offer: Readonly<Record<string, unknown>>;
  /** What cannot be sent at all. */
  readonly problems: readonly FieldProblem[];
}

const DURATIONS = ['lifetime', 'renewAfter', 'grace', 'lease', 'offlineLifetime'] as const;

/** The opposite of {@link draftOffer}. */
export function readDraft(draft: OfferDraft): ReadDraft {
  const features = readFeatures(draft.features);
  const durations = DURATIONS.filter((name) => draft[name].trim() !== '').map((name) => [name, draft[name].trim()]);
  const isMarketplace = draft.mode === 'marketplace';
  const offer = {
    ...{ offer: draft.offer.trim(), mode: draft.mode, status: draft.status },
    productAliases: readLines(draft.productAliases),
    ...{ clouds: readList(draft.clouds), skus: readList(draft.skus) },
    ...(isMarketplace && { seats: readAmount(draft.seats), overage: readAmount(draft.overage) }),
    trial: readTrial(draft),
    ...(Object.fromEntries(durations) as Record<string, string>),
    ...{ requireKey: draft.requireKey === 'true', keyChanges: readAmount(draft.keyChanges) },
    ...{ withoutPlan: draft.withoutPlan === 'true', onForeignPlan: draft.onForeignPlan },
    ...{ earlyRelease: draft.earlyRelease === 'true', offline: draft.offline === 'true' },
    ...(features !== undefined && { features }),
  };
  const problem = { field: 'features', message: 'must be JSON, such as { "edition": "standard" }' };
  return { offer, problems: features === undefined ? [problem] : [] };
}

/**
 * What somebody has typed, on top of what is there now.
 *
 * @param before what they began with
 */
export function rebaseDraft(draft: OfferDraft, before: OfferDraft, now: OfferDraft): OfferDraft {
  const typed = Object.entries(draft).filter(([name, text]) => before[name as keyof OfferDraft] !== text);
  return { ...now, ...Object.fromEntries(typed) };
}

/** A trial needs both; what is missing is for the service to say. */
function readTrial({ mode, trial, trialSeats }: OfferDraft): unknown {
  if (mode !== 'licensed' || (trial.trim() === '' && trialSeats.trim() === '')) return null;
  return { days: readAmount(trial), seats: readAmount(trialSeats) };
}

/** A line a name; `""` for the empty one. */
function writeList(list: '*' | readonly string[]): string {
  return list === '*' ? list : list.map((name) => (name === '' ? '""' : name)).join('\n');
}

function readList(text: string): unknown {
  return text.trim() === '*' ? '*' : readLines(text).map((name) => (name === '""' ? '' : name));
}

function readLines(text: string): readonly string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** What is no number is sent as it is: `unlimited`, `10%`, or what the service then complains about. */
function readAmount(text: string): number | string {
  return /^\d{1,9}$/.test(text.trim()) ? Number(text) : text.trim();
}

/** @returns undefined for what is no JSON */
function readFeatures(text: string): unknown {
  if (text.trim() === '') return {};
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
