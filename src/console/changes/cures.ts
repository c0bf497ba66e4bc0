import type { LicenceCode } from '../../contract/codes.ts';
import type { ExplanationJson } from '../../contract/operators/decision.ts';
import type { LicenceAsk } from './licenceChange.ts';
import type { OfferAsk } from './offerChange.ts';
import type { OverrideTerms } from './overrideCommand.ts';
import type { VmVerb } from './vmChange.ts';

/* What turns a refusal into a licence, where the API can; and where it cannot, what somebody else has to do. */

/** A button, or something to read. */
export type Cure =
  | { readonly by: 'licence'; readonly label: string; readonly id: string; readonly ask: LicenceAsk }
  | { readonly by: 'offer'; readonly label: string; readonly name: string; readonly ask: OfferAsk }
  | { readonly by: 'override'; readonly label: string; readonly name: string; readonly terms: OverrideTerms }
  | { readonly by: 'vm'; readonly label: string; readonly verb: VmVerb }
  | { readonly by: 'attach' | 'grant'; readonly label: string; readonly name: string }
  | { readonly by: 'newOffer'; readonly label: string; readonly name: string }
  | { readonly by: 'reading'; readonly text: string };

/** What the cures are chosen from. */
export type Refusal = Pick<ExplanationJson, 'decision' | 'now'>;

/** The first one is the nearest; none where the VM gets a licence now. */
export function findCures(refusal: Refusal): readonly Cure[] {
  const { outcome } = refusal.now;
  return outcome === 'granted' ? [] : CURES[outcome](refusal);
}

const NAME_OFFER =
  'Whoever runs the VM names the offer in the settings of the client, or deploys the VM from the Marketplace image.';

/** Exhaustive by type: a new refusal does not compile without an answer. */
const CURES: Readonly<Record<LicenceCode, (refusal: Refusal) => readonly Cure[]>> = {
  plan_missing: ({ decision: { claimedOffer } }) => [
    ...(claimedOffer === null
      ? []
      : [setOffer(claimedOffer, 'Let VMs without a plan use this offer …', { withoutPlan: true })]),
    read(NAME_OFFER),
  ],
  plan_unknown: cureUnknownPlan,
  offer_suspended: ({ now: { offer } }) =>
    offer === null ? [] : [{ by: 'offer', label: 'Resume the offer …', name: offer.offer, ask: { kind: 'resume' } }],
  subscription_not_licensed: licenseSubscription,
  licence_suspended: (refusal) =>
    cureLicence(refusal, 'Resume the licence …', { kind: 'resume' }, { status: 'active' }),
  licence_revoked: (refusal) => cureLicence(refusal, 'Resume the licence …', { kind: 'resume' }, { status: 'active' }),
  licence_expired: (refusal) => {
    const terms = { validUntil: null };
    return cureLicence(refusal, 'Extend the end …', { kind: 'end', ...terms }, terms);
  },
  licence_not_yet_valid: (refusal) =>
    cureLicence(refusal, 'Let it begin now …', { kind: 'start', validFrom: null }, null),
  sku_not_allowed: cureSku,
  vm_not_allowed: (refusal) =>
    cureLicence(refusal, 'Cover this VM …', { kind: 'addVm', vmId: refusal.decision.vmId }, null),
  vm_blocked: ({ now: { activation } }) =>
    activation?.blocked === true
      ? [{ by: 'vm', label: 'Unblock the VM …', verb: 'unblock' }]
      : [read('The VM is blocked under a licence that it had before. Unblock it on its page.')],
  seats_exhausted: cureSeats,
  trial_ended: licenseSubscription,
  claim_invalid: (refusal) => [
    ...licenseSubscription(refusal),
    read('Or send the customer a claim code that is valid: countersign claims create.'),
  ],
  key_required: () => [
    read('Whoever runs the VM updates the client, so that it proves a key. The offer asks for one (Require key).'),
  ],
  key_changed: ({ now: { activation } }) =>
    (activation?.keyChanges.length ?? 0) > 0
      ? [{ by: 'vm', label: 'Forget the key changes …', verb: 'release-key' }]
      : [
          read(
            'The offer accepts no change of key (Key changes). Raise the number there, or wait until the licence under the earlier key has expired.',
          ),
        ],
  offline_not_allowed: ({ now: { offer } }) =>
    offer === null ? [] : [setOffer(offer.offer, 'Allow licences by file …', { offline: true })],
};

function read(text: string): Cure {
  return { by: 'reading', text };
}

function setOffer(name: string, label: string, patch: Extract<OfferAsk, { kind: 'set' }>['patch']): Cure {
  return { by: 'offer', label, name, ask: { kind: 'set', patch } };
}

/** No offer sells the plan, or none in this cloud. */
function cureUnknownPlan({ decision: { plan, claimedOffer, cloud }, now: { offer } }: Refusal): readonly Cure[] {
  if (offer !== null && offer.clouds !== '*' && !offer.clouds.includes(cloud)) {
    return [setOffer(offer.offer, `Sell the offer in ${cloud} …`, { clouds: [...offer.clouds, cloud] })];
  }
  if (offer !== null)
    return [read('The VM asks for a licence of another product. Whoever runs it corrects the client.')];
  const { publisher = null, product = null, name = null } = plan ?? {};
  const attested = [publisher, product, name].some((part) => part === null) ? null : `${publisher}/${product}/${name}`;
  const wanted = attested ?? claimedOffer;
  return [
    ...(wanted === null ? [] : [{ by: 'newOffer', label: 'Create the offer …', name: wanted } as const]),
    read('If an offer of yours should sell this plan, add its name there (Product aliases).'),
  ];
}

/** In licensed mode. */
function licenseSubscription({ now: { offer } }: Refusal): readonly Cure[] {
  if (offer === null) return [];
  return [
    { by: 'attach', label: 'Add the subscription to a licence …', name: offer.offer },
    { by: 'grant', label: 'Grant a licence …', name: offer.offer },
  ];
}

/** Of the licence or, in marketplace mode, of what the subscription has instead. */
function cureLicence(
  { now: { licence, offer } }: Refusal,
  label: string,
  ask: LicenceAsk,
  terms: OverrideTerms | null,
): readonly Cure[] {
  if (licence !== null) return [{ by: 'licence', label, id: licence.id, ask }];
  if (offer === null || terms === null) return [];
  return [{ by: 'override', label, name: offer.offer, terms }];
}

function cureSku({ decision, now: { offer, licence } }: Refusal): readonly Cure[] {
  const sku = decision.sku ?? '';
  const isMissing = (skus: '*' | readonly string[]) => skus !== '*' && !skus.includes(sku);
  return [
    ...(licence !== null && isMissing(licence.skus)
      ? [{ by: 'licence', label: 'Cover this sku …', id: licence.id, ask: { kind: 'addSku', sku } } as const]
      : []),
    ...(offer !== null && offer.skus !== '*' && isMissing(offer.skus)
      ? [setOffer(offer.offer, 'Sell this sku under the offer …', { skus: [...offer.skus, sku] })]
      : []),
  ];
}

function cureSeats(refusal: Refusal): readonly Cure[] {
  const { licence, offer, usage } = refusal.now;
  const seats = usage === null || usage.seats === 'unlimited' ? 1 : countNeeded(usage.seats, usage);
  if (licence === null && offer?.mode === 'licensed') return licenseSubscription(refusal);
  return [
    ...cureLicence(refusal, 'Raise the seats …', { kind: 'seats', seats }, { seats }),
    read('Or release the seat of a VM that was deleted, on the page of that VM.'),
  ];
}

/** The fewest seats with which one more VM gets one. */
function countNeeded(seats: number, { taken, overage }: NonNullable<Refusal['now']['usage']>): number {
  return Math.max(seats, taken - (overage === 'unlimited' ? 0 : overage)) + 1;
}
