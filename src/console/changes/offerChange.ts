import type { OfferJson } from '../../contract/operators/offer.ts';
import type { EffectReportJson } from '../../contract/operators/records.ts';
import { writeApply, writeCommand } from '../text/commandLine.ts';
import { tellDenied, tellSeated } from './effect.ts';

/** What an operator can ask for of one offer. */
export type OfferAsk =
  | { readonly kind: 'suspend' | 'resume' | 'delete' }
  /** Single members, which take nothing from anybody. */
  | { readonly kind: 'set'; readonly patch: Partial<OfferJson> };

export interface OfferChange {
  readonly title: string;
  /** On the button. */
  readonly button: string;
  /** A merge patch (RFC 7396); null deletes the offer. */
  readonly patch: Partial<OfferJson> | null;
  readonly isEnding: boolean;
  readonly describe: (effect: EffectReportJson['effect']) => string;
  readonly done: string;
  /** The command that does the same. */
  readonly command: (reason: string) => string;
}

export function planOfferChange(offer: OfferJson, ask: OfferAsk): OfferChange {
  const named = (verb: string, isEnding: boolean) => (reason: string) =>
    writeCommand(['offers', verb, offer.offer, ...(isEnding ? ['--yes'] : [])], [{ name: 'reason', value: reason }]);
  switch (ask.kind) {
    case 'suspend':
      return {
        ...{ title: 'Suspend this offer?', button: 'Suspend', patch: { status: 'suspended' }, isEnding: true },
        ...{ describe: tellDenied, done: 'The offer is suspended now.', command: named('suspend', true) },
      };
    case 'resume':
      return {
        ...{ title: 'Resume this offer?', button: 'Resume', patch: { status: 'active' }, isEnding: false },
        describe: (effect) => `${tellSeated(effect)} VMs get licences under it again.`,
        ...{ done: 'The offer is active now.', command: named('resume', false) },
      };
    case 'delete':
      return {
        ...{ title: 'Delete this offer?', button: 'Delete', patch: null, isEnding: true },
        describe: (effect) =>
          `${tellSeated(effect)} VMs get no licence under it any more. Those that run keep theirs until its end and grace.`,
        ...{ done: 'The offer is deleted.', command: named('delete', true) },
      };
    case 'set':
      return {
        ...{ title: 'Change this offer?', button: 'Change the offer', patch: ask.patch, isEnding: false },
        describe: (effect) => `${tellSeated(effect)} The change takes nothing from them.`,
        done: 'The offer is changed.',
        command: (reason) => applyOffer({ ...offer, ...ask.patch }, reason),
      };
  }
}

/** The command that writes a whole offer. It asks where the offer takes something from somebody, which was asked already. */
export function applyOffer(offer: object, reason: string): string {
  return writeApply({ offers: [offer] }, { reason, isEnding: true });
}

/** Of the offer's routes. */
export function paramsOf(name: string): Readonly<Record<string, string>> {
  const [publisher = '', product = '', ...plan] = name.split('/');
  return { publisher, product, plan: plan.join('/') };
}
