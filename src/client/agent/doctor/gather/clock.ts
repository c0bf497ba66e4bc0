import { formatInstant } from '../../../../contract/instants.ts';
import { isLookedAt } from '../notLookedAt.ts';
import type { NotLookedAt } from '../notLookedAt.ts';
import type { KeptEvidence } from './kept.ts';
import { runProgram } from './runProgram.ts';
import type { ServiceEvidence } from './service.ts';

/** This machine's clock beside others. Times are RFC 3339. */
export interface ClockEvidence {
  readonly now: string;
  /** What the service said, and this clock at the same time; null where it said nothing. */
  readonly service: { readonly date: string; readonly clock: string } | null;
  /** When the newest licence in the state folder was issued. */
  readonly licenceIssuedAt: string | null;
  /** Whether the system calls its clock synchronized; null where it does not say. */
  readonly isSynchronized: boolean | null;
}

export async function lookAtClock(
  service: ServiceEvidence | NotLookedAt,
  kept: KeptEvidence | NotLookedAt,
): Promise<ClockEvidence> {
  const issued = isLookedAt(kept) ? kept.vms.flatMap(({ issuedAt }) => issuedAt ?? []) : [];
  return {
    now: formatInstant(Date.now()),
    service: isLookedAt(service) ? readDate(service) : null,
    licenceIssuedAt: issued.toSorted().at(-1) ?? null,
    isSynchronized: await readSynchronization(),
  };
}

/** Only of an answer that is the service's own: a portal's clock may be wrong. */
function readDate({ replies }: ServiceEvidence): ClockEvidence['service'] {
  const own = replies.find(({ date, excerpt, failed }) => date !== null && excerpt === null && failed === null);
  return own === undefined || own.date === null ? null : { date: own.date, clock: own.clock };
}

async function readSynchronization(): Promise<boolean | null> {
  const shown =
    process.platform === 'linux' ? await runProgram('timedatectl', 'show', '--property=NTPSynchronized') : '';
  const word = /^NTPSynchronized=(yes|no)$/m.exec(shown ?? '')?.[1];
  return word === undefined ? null : word === 'yes';
}
