import type { LicenceJson } from '../../contract/operators/licence.ts';
import { plainLines } from '../text/plain.ts';
import { tellDenied, tellSeated } from './effect.ts';
import type { Effect } from './effect.ts';

/** What an operator can ask for of one licence. Times are RFC 3339; null: no bound. */
export type LicenceAsk =
  | { readonly kind: 'seats'; readonly seats: LicenceJson['seats'] }
  | { readonly kind: 'end'; readonly validUntil: string | null }
  | { readonly kind: 'start'; readonly validFrom: string | null }
  | { readonly kind: 'suspend' | 'resume' | 'revoke' | 'delete' }
  | { readonly kind: 'addSku'; readonly sku: string }
  | { readonly kind: 'addVm'; readonly vmId: string }
  | { readonly kind: 'addSubscription'; readonly cloud: string; readonly subscription: string };

export type LicenceAskKind = LicenceAsk['kind'];

export interface LicenceChange {
  /** A merge patch (RFC 7396); null deletes the licence. */
  readonly patch: Partial<LicenceJson> | null;
  /** Of the command, after `countersign licences`: the verb, and what follows the id; null where no option says it. */
  readonly verb: string;
  readonly flags: readonly string[] | null;
  /** Whether it takes something from somebody: then the command asks too, unless it has `--yes`. */
  readonly isEnding: boolean;
  readonly describe: (effect: Effect, now: number) => string;
  /** Said when it is done. */
  readonly done: string;
}

/** @param now milliseconds since the epoch */
export function planLicenceChange(licence: LicenceJson, ask: LicenceAsk): LicenceChange {
  switch (ask.kind) {
    case 'seats':
      return changeSeats(licence, ask.seats);
    case 'end':
      return changeEnd(licence, ask.validUntil);
    case 'start':
      return changeStart(licence, ask.validFrom);
    case 'suspend':
    case 'resume':
    case 'revoke':
      return changeStatus(ask.kind);
    case 'delete':
      return DELETION;
    case 'addSku':
      return addToList('skus', ask.sku, licence.skus);
    case 'addVm':
      return addToList('vmIds', ask.vmId, licence.vmIds);
    case 'addSubscription':
      return addSubscription(licence, ask);
  }
}

const SET = { verb: 'set' } as const;

function changeSeats({ seats: before, overage }: LicenceJson, seats: LicenceJson['seats']): LicenceChange {
  const isEnding = seats !== 'unlimited' && (before === 'unlimited' || seats < before);
  return {
    ...{ ...SET, patch: { seats }, flags: [`--seats=${seats}`], isEnding },
    describe: (effect) => `${tellSeated(effect)} ${tellRoom(effect, seats, overage)}`.trim(),
    done: `The licence has ${seats} ${seats === 1 ? 'seat' : 'seats'} now.`,
  };
}

function tellRoom({ vms, atLeast }: Effect, seats: LicenceJson['seats'], overage: LicenceJson['overage']): string {
  if (seats === 'unlimited') return 'Every VM that comes gets one.';
  const taken = vms ?? 0;
  if (taken <= seats) return atLeast === true ? '' : `With ${seats}, there is room for ${seats - taken} more.`;
  const more = `That is ${atLeast === true ? 'at least ' : ''}${taken - seats} more than ${seats}.`;
  const beyond = overage === 0 ? '' : ', except within the overage';
  return `${more} No VM is stopped: those that run keep their seats as they renew. New VMs are refused until enough seats are free${beyond}.`;
}

function changeEnd({ validUntil: before }: LicenceJson, validUntil: string | null): LicenceChange {
  const isEarlier = validUntil !== null && (before === null || Date.parse(validUntil) < Date.parse(before));
  return {
    ...{ ...SET, patch: { validUntil }, flags: [`--valid-until=${validUntil ?? 'none'}`], isEnding: isEarlier },
    describe: (effect, now) => {
      if (validUntil !== null && Date.parse(validUntil) <= now) return tellDenied(effect);
      return `${tellSeated(effect)} ${validUntil === null ? 'The licence does not end.' : 'From the new end on, VMs are denied.'}`;
    },
    done: validUntil === null ? 'The licence has no end now.' : 'The licence has a new end.',
  };
}

function changeStart({ validFrom: before }: LicenceJson, validFrom: string | null): LicenceChange {
  const isEnding = validFrom !== null && (before === null || Date.parse(validFrom) > Date.parse(before));
  return {
    ...{ ...SET, patch: { validFrom }, flags: [`--valid-from=${validFrom ?? 'none'}`], isEnding },
    describe: (effect, now) =>
      validFrom !== null && Date.parse(validFrom) > now ? tellDenied(effect) : 'VMs get licences from now on.',
    done: 'The licence has a new beginning.',
  };
}

const AGAIN = 'VMs get licences under it again.';

function changeStatus(verb: 'suspend' | 'resume' | 'revoke'): LicenceChange {
  const status = ({ suspend: 'suspended', resume: 'active', revoke: 'revoked' } as const)[verb];
  return {
    ...{ patch: { status }, verb, flags: [], isEnding: verb !== 'resume' },
    describe: (effect) => (verb === 'resume' ? `${tellSeated(effect)} ${AGAIN}` : tellDenied(effect)),
    done: `The licence is ${status} now.`,
  };
}

const DELETION: LicenceChange = {
  ...{ patch: null, verb: 'delete', flags: [], isEnding: true },
  describe: (effect) =>
    `${tellSeated(effect)} VMs get no new licence, and run on until the end of their grace. To end that too, revoke the licence instead.`,
  done: 'The licence is deleted.',
};

const LISTS = {
  skus: { flag: '--skus', what: 'sku' },
  vmIds: { flag: '--vm-ids', what: 'VM' },
} as const;

function addToList(member: keyof typeof LISTS, name: string, before: LicenceJson['skus']): LicenceChange {
  const { flag, what } = LISTS[member];
  const list = before === '*' ? before : [...before.filter((one) => one !== name), name];
  return {
    ...{
      ...SET,
      patch: { [member]: list },
      flags: hasCommas(list) ? null : [`${flag}=${writeNames(list)}`],
      isEnding: false,
    },
    describe: () => `The licence covers this ${what} from then on. It takes nothing from other VMs.`,
    done: `The licence covers the ${what} ${plainLines(name).join(' ')} now.`,
  };
}

/** The option takes names with commas between them, and blanks around them for nothing. */
function hasCommas(list: LicenceJson['skus']): boolean {
  return list !== '*' && list.some((name) => name.includes(',') || name !== name.trim() || name === '""');
}

/** As the command reads it: the empty name between quotation marks. */
function writeNames(list: LicenceJson['skus']): string {
  return list === '*' ? list : list.map((name) => (name === '' ? '""' : name)).join(',');
}

type Added = Extract<LicenceAsk, { readonly kind: 'addSubscription' }>;

function addSubscription(licence: LicenceJson, { cloud, subscription }: Added): LicenceChange {
  const subscriptions = [...listSubscriptions(licence), { cloud, subscription, until: null }];
  return {
    ...{ ...SET, flags: [`--add-subscription=${cloud}:${subscription}`], isEnding: false },
    patch: { cloud: undefined, subscription: undefined, subscriptions },
    describe: (effect) => `VMs of the subscription get licences under it, and share its seats. ${tellSeated(effect)}`,
    done: 'The licence covers the subscription now.',
  };
}

/** Cloud and subscription of each, as the licence names them. */
export function listSubscriptions({ cloud, subscription, subscriptions }: LicenceJson) {
  if (Array.isArray(subscriptions)) return subscriptions;
  return cloud !== undefined && subscription !== undefined ? [{ cloud, subscription, until: null }] : [];
}
