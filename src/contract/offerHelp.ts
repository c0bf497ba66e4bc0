/** What each member of an offer means, for people: in the API's description and beside the fields of the console. */
export const OFFER_HELP = {
  offer: 'publisher/product/plan; the plan may be *. The most specific offer wins.',
  mode: 'marketplace: running the plan is the licence, and Azure bills for it. licensed: each subscription needs a licence of its own.',
  status: 'suspended: no VM gets a new licence under the offer.',
  productAliases: 'Other names of the product, such as the name of a preview.',
  clouds: 'The clouds that it is sold in.',
  skus: 'The image skus that it covers; "" is the empty sku of custom images.',
  seats: 'In marketplace mode: of each subscription. In licensed mode each licence has its own.',
  overage: 'In marketplace mode: how many VMs of a subscription are licensed beyond the seats, marked as over.',
  trial: 'In licensed mode: what a subscription without a licence gets, once, from its first VM on.',
  lifetime: 'From the issue of a licence to its end (exp).',
  renewAfter: 'From the issue to the time when clients renew.',
  grace: 'From the end of a licence to the time when the software stops without the service.',
  lease: 'How long a VM keeps its seat; at least lifetime.',
  requireKey: 'Whether a licence must be bound to a key.',
  keyChanges: 'How many changes of key are accepted while licences under earlier keys have not expired.',
  withoutPlan: 'In licensed mode: whether a VM without an attested plan may name this offer.',
  onForeignPlan: 'With withoutPlan: whether a plan of another publisher counts as no plan ("none").',
  earlyRelease: 'Whether a released seat is free at once, and not only when its lease ends.',
  offline: 'Whether operators may issue licences by file, for VMs without a way out.',
  offlineLifetime: 'From the issue of a licence by file to its end (exp).',
  features: 'Settings that the tokens carry, for your software.',
} as const;

export type OfferMember = keyof typeof OFFER_HELP;
