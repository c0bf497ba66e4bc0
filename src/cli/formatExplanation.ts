import type { Terminal } from './command.ts';
import { paint, rows, wrap } from './layout.ts';
import { formatPlan, printable } from './printable.ts';
import { cell } from './table.ts';

/** As the service answers it. */
export interface Decision {
  readonly id: string;
  readonly at: string;
  readonly code: string;
  readonly cloud: string;
  readonly subscription: string;
  readonly vmId: string;
  readonly plan: {
    readonly publisher: string | null;
    readonly product: string | null;
    readonly name: string | null;
  } | null;
  readonly claimedOffer: string | null;
  readonly licence: string | null;
  readonly region: string | null;
  readonly sku: string | null;
  readonly checks: readonly { readonly name: string; readonly outcome: string; readonly detail?: string }[];
}

type Facts = Readonly<Record<string, unknown>>;

/** As the service answers it. */
export interface Explanation {
  readonly decision: Decision;
  readonly title: string;
  readonly advice: string;
  readonly failed: { readonly check: string; readonly detail: string | null } | null;
  readonly now: {
    readonly at: string;
    readonly outcome: string;
    readonly offer: Facts | null;
    readonly licence: Facts | null;
    readonly usage: { readonly taken: number; readonly over: number; readonly seats: number | string } | null;
    readonly activation: Facts | null;
  };
}

/** "Why was this VM refused?" on one screen of 24 lines, where the terminal is wide enough. */
export function formatExplanation(
  { decision, title, advice, failed, now }: Explanation,
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

function listRequest({ id, at, vmId, cloud, region, subscription, plan, claimedOffer, sku, licence }: Decision): Lines {
  const claimed = claimedOffer === null ? '' : ` (the VM says ${claimedOffer})`;
  return {
    when: `${at}, correlation id ${id}`,
    VM: `${vmId} in ${[cloud, region].filter((part) => part !== null).join(', ')}`,
    subscription,
    plan: `${cell(plan === null ? '' : formatPlan(plan))}${claimed}, sku ${sku === '' ? '""' : cell(sku)}`,
    licence: cell(licence),
  };
}

function listChecks(checks: Decision['checks'], failed: Explanation['failed']): Lines {
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

function listNow({ outcome, offer, licence, usage, activation }: Explanation['now'], code: string): Lines {
  const isKeyKnown = code !== 'key_changed' && activation !== null && activation['key'] !== null;
  const granted = isKeyKnown ? 'it would be granted, with the key of its licence' : 'it would be granted';
  const keeps = outcome === 'key_changed' ? ', unless it comes with the key of its licence' : '';
  return {
    outcome: outcome === 'granted' ? granted : `it would be refused: ${outcome}${keeps}`,
    offer: offer === null ? 'none knows the plan' : describeOffer(offer),
    licence: licence === null ? 'none' : describeLicence(licence),
    ...(usage === null ? {} : { seats: `${usage.taken} of ${usage.seats} taken` }),
    ...(activation === null ? {} : { 'this VM': describeActivation(activation) }),
  };
}

function describeOffer(offer: Facts): string {
  const { clouds } = offer;
  const sold = clouds === '*' ? '' : `, sold in ${cell(clouds)}`;
  return `${cell(offer['offer'])}: ${cell(offer['status'])}, ${cell(offer['mode'])}, skus ${cell(offer['skus'])}${sold}`;
}

function describeLicence(licence: Facts): string {
  const from = licence['validFrom'] === null ? '' : ` from ${cell(licence['validFrom'])}`;
  const until = licence['validUntil'] === null ? '' : ` until ${cell(licence['validUntil'])}`;
  const valid = from === '' && until === '' ? 'valid always' : `valid${from}${until}`;
  const { vmIds } = licence;
  const vms = Array.isArray(vmIds) ? `, for ${vmIds.length} VMs by name` : '';
  return `${cell(licence['id'])}: ${cell(licence['status'])}, ${cell(licence['seats'])} seats, ${valid}, skus ${cell(licence['skus'])}${vms}`;
}

function describeActivation(activation: Facts): string {
  const blocked = activation['blocked'] === true ? ', blocked' : '';
  const changes = activation['keyChanges'];
  const keys = Array.isArray(changes) && changes.length > 0 ? `, ${changes.length} changes of key` : '';
  return `seat ${cell(activation['seat'])}, lease until ${cell(activation['leaseEnd'])}${blocked}${keys}`;
}
