import type { ActivationJson } from '../contract/operators/activation.ts';
import type { LicenceJson } from '../contract/operators/licence.ts';
import type { OverrideJson } from '../contract/operators/override.ts';
import type { OfferJson } from '../contract/operators/offer.ts';
import type { DecisionJson, ExplanationJson } from '../contract/operators/decision.ts';
import type { Terminal } from './command.ts';
import { paint, rows, wrap } from './layout.ts';
import { formatPlan, printable } from './printable.ts';
import { cell } from './table.ts';

/** "Why was this VM refused?" on one screen of 24 lines, where the terminal is wide enough. */
export function formatExplanation(
  { decision, title, advice, failed, now }: ExplanationJson,
  terminal: Terminal | null,
): string {
  const paragraph = terminal === null ? [printable(advice)] : wrap(printable(advice), terminal.columns - 2);
  return [
    paint(terminal, 'bold', `${printable(decision.code)}: ${printable(title)}`),
    '\n',
    rows(listRequest(decision), terminal),
    `Checks\n${rows(listChecks(decision.checks, failed), terminal)}`,
    `What to do\n  ${paragraph.join('\n  ')}\n`,
    `Now (${printable(now.at)})\n`,
    rows(listNow(now, decision.code), terminal),
  ].join('');
}

type Lines = Readonly<Record<string, string>>;

function listRequest({
  id,
  at,
  vmId,
  cloud,
  region,
  subscription,
  plan,
  claimedOffer,
  sku,
  licence,
}: DecisionJson): Lines {
  const claimed = claimedOffer === null ? '' : ` (the VM says ${claimedOffer})`;
  return {
    when: `${at}, correlation id ${id}`,
    VM: `${vmId} in ${[cloud, region].filter((part) => part !== null).join(', ')}`,
    subscription,
    plan: `${cell(plan === null ? '' : formatPlan(plan))}${claimed}, sku ${sku === '' ? '""' : cell(sku)}`,
    licence: cell(licence),
  };
}

function listChecks(checks: DecisionJson['checks'], failed: ExplanationJson['failed']): Lines {
  const named = (outcome: string) =>
    checks
      .filter((check) => check.outcome === outcome)
      .map(({ name }) => name)
      .join(' ');
  const facts = {
    passed: named('passed'),
    failed: failed === null ? '' : `${failed.check}: ${cell(failed.detail)}`,
    'not reached': named('not_reached'),
  };
  return Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== ''));
}

function listNow(now: ExplanationJson['now'], code: string): Lines {
  const { outcome, offer, licence, leaving, trial, override, usage, activation } = now;
  const isKeyKnown = code !== 'key_changed' && activation !== null && activation.key !== null;
  const granted = isKeyKnown ? 'it would be granted, with the key of its licence' : 'it would be granted';
  const keeps = outcome === 'key_changed' ? ', unless it comes with the key of its licence' : '';
  return {
    outcome: outcome === 'granted' ? granted : `it would be refused: ${outcome}${keeps}`,
    offer: offer === null ? 'none knows the plan' : describeOffer(offer),
    licence: licence === null ? 'none' : describeLicence(licence),
    ...(leaving === null ? {} : { leaving: `${describeLicence(leaving)}: VMs with a seat there renew there` }),
    ...(trial === null
      ? {}
      : { trial: `from ${cell(trial.startedAt)} until ${cell(trial.endsAt)}, ${trial.seats} seats` }),
    ...(override === null ? {} : { override: describeOverride(override) }),
    ...(usage === null ? {} : { seats: describeUsage(usage) }),
    ...(activation === null ? {} : { 'this VM': describeActivation(activation) }),
  };
}

function describeOverride({ status, seats, overage, validUntil }: OverrideJson): string {
  const terms = { seats, overage, 'valid until': validUntil };
  const own = Object.entries(terms).filter(([, value]) => value !== null);
  return [cell(status), ...own.map(([name, value]) => `${name} ${cell(value)}`)].join(', ');
}

function describeUsage({ taken, seats, overage, over }: NonNullable<ExplanationJson['now']['usage']>): string {
  const beyond = overage === 0 ? '' : ` and ${overage} beyond`;
  return `${taken} of ${seats}${beyond} taken${over > 0 ? `, ${over} over` : ''}`;
}

function describeOffer(offer: OfferJson): string {
  const { clouds } = offer;
  const sold = clouds === '*' ? '' : `, sold in ${cell(clouds)}`;
  return `${cell(offer.offer)}: ${cell(offer.status)}, ${cell(offer.mode)}, skus ${cell(offer.skus)}${sold}`;
}

function describeLicence(licence: LicenceJson): string {
  const from = licence.validFrom === null ? '' : ` from ${cell(licence.validFrom)}`;
  const until = licence.validUntil === null ? '' : ` until ${cell(licence.validUntil)}`;
  const valid = from === '' && until === '' ? 'valid always' : `valid${from}${until}`;
  const { vmIds } = licence;
  const vms = typeof vmIds === 'object' ? `, for ${vmIds.length} VMs by name` : '';
  return `${cell(licence.id)}: ${cell(licence.status)}, ${cell(licence.seats)} seats, ${valid}, skus ${cell(licence.skus)}${vms}`;
}

function describeActivation(activation: ActivationJson): string {
  const blocked = activation.blocked ? ', blocked' : '';
  const { length: changes } = activation.keyChanges;
  const keys = changes > 0 ? `, ${changes} changes of key` : '';
  return `seat ${cell(activation.seat)}, lease until ${cell(activation.leaseEnd)}${blocked}${keys}`;
}
