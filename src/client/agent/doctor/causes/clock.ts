import { CLOCK_SKEW } from '../../../../contract/clocks.ts';
import type { Area } from '../finding.ts';
import type { ClockEvidence } from '../gather/clock.ts';

const SYNCHRONIZE = 'timedatectl set-ntp true';
const ADVICE = 'Turn time synchronization on (chrony or systemd-timesyncd), or correct its source.';

export const CLOCK = {
  title: 'Clock',
  describe: ({ service }) =>
    service === null ? 'Nothing to compare it with.' : `${Math.abs(differenceTo(service)) / 1000} s from the service`,
  causes: {
    clock_off: {
      means: 'The clock of this machine differs from that of the licence service by more than two minutes.',
      advice: ADVICE,
      judge(own) {
        const { isSynchronized, service } = own;
        if (service === null || !isOff(own)) return null;
        const evidence = [`the service: ${service.date}`, `this machine: ${service.clock}`, ...told(isSynchronized)];
        return { evidence, command: SYNCHRONIZE };
      },
    },
    clock_before_licence: {
      means: 'The clock of this machine is before the time at which its licence was issued.',
      advice: `${ADVICE} A clock that was set back does not lengthen a licence.`,
      judge(own) {
        const { licenceIssuedAt, now, isSynchronized } = own;
        if (licenceIssuedAt === null || !isBehind(own) || isOff(own)) return null;
        const evidence = [`licence issued: ${licenceIssuedAt}`, `this machine: ${now}`, ...told(isSynchronized)];
        return { evidence, command: SYNCHRONIZE };
      },
    },
    clock_unsynchronized: {
      means: 'The clock of this machine is not synchronized, and there is no service to compare it with.',
      advice: ADVICE,
      judge(own) {
        if (own.isSynchronized !== false || own.service !== null || isBehind(own)) return null;
        return { evidence: told(false), command: SYNCHRONIZE };
      },
    },
  },
} as const satisfies Area<ClockEvidence>;

function told(isSynchronized: boolean | null): readonly string[] {
  return isSynchronized === null ? [] : [`NTPSynchronized=${isSynchronized ? 'yes' : 'no'}`];
}

function isOff({ service }: ClockEvidence): boolean {
  return service !== null && Math.abs(differenceTo(service)) > CLOCK_SKEW;
}

function isBehind({ licenceIssuedAt, now }: ClockEvidence): boolean {
  return licenceIssuedAt !== null && Date.parse(now) < Date.parse(licenceIssuedAt) - CLOCK_SKEW;
}

/** Milliseconds by which this clock is ahead. */
function differenceTo({ clock, date }: NonNullable<ClockEvidence['service']>): number {
  return Date.parse(clock) - Date.parse(date);
}
