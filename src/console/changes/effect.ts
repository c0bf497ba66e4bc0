import type { EffectReportJson } from '../../contract/operators/records.ts';

export type Effect = EffectReportJson['effect'];

/** "17 VMs", "at least 17 VMs", "no VM". The service counts for a second. */
export function countVms({ vms, atLeast }: Effect): string {
  if (vms === null) return 'an unknown number of VMs';
  if (vms === 0 && atLeast !== true) return 'no VM';
  return `${atLeast === true ? 'at least ' : ''}${vms} ${vms === 1 ? 'VM' : 'VMs'}`;
}

/** "17 VMs hold a seat now." */
export function tellSeated(effect: Effect): string {
  const isOne = effect.vms === 1 || (effect.vms === 0 && effect.atLeast !== true);
  return `${upperFirst(countVms(effect))} ${isOne ? 'holds' : 'hold'} a seat now.`;
}

/** What a suspended, revoked or ended right does to those who have it. */
export function tellDenied(effect: Effect): string {
  if (effect.vms === 0 && effect.atLeast !== true) return 'No VM holds a seat now. VMs that come get no licence.';
  const isOne = effect.vms === 1 && effect.atLeast !== true;
  const [their, those, they] = isOne ? ['its', 'If it cannot', 'it runs'] : ['their', 'Those that cannot', 'run'];
  const end = isOne ? 'its' : 'their';
  return `${upperFirst(countVms(effect))}, denied at ${their} next renewal. ${those} reach the service${isOne ? ',' : ''} ${they} to the end of ${end} grace.`;
}

function upperFirst(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
