import type { Answer, Licence } from '../answer.ts';
import { ClientError } from '../clientError.ts';
import { AGENT_NAME } from './agentVersion.ts';
import type { Agent } from './agent.ts';

/** What other programs are told: status.json. A member without a value is null. Times are RFC 3339 UTC. */
export interface Report extends Pick<Answer, 'state' | 'since' | 'nextCheckAt'> {
  readonly code: string | null;
  readonly reason: string | null;
  /** Null where it is not known. */
  readonly checkedAt: string | null;
  readonly expiresAt: string | null;
  readonly graceUntil: string | null;
  readonly features: Licence['features'] | null;
  readonly licenceId: string | null;
  readonly plan: Licence['plan'] | null;
  readonly vmId: string | null;
  readonly issuer: string | null;
  readonly trust: string | null;
  /** There where IMDS is an emulator's. */
  readonly imdsUrl?: string;
  readonly agent: string;
}

export function reportOf({ session, vmId }: Agent, answer: Answer, checkedAt: string | null): Report {
  const { state, code = null, reason = null, since, nextCheckAt, licence } = answer;
  const settings = session instanceof ClientError ? undefined : session.settings;
  return {
    ...{ state, code, reason, since, checkedAt, nextCheckAt },
    expiresAt: licence?.expiresAt ?? null,
    graceUntil: licence?.graceUntil ?? null,
    features: licence?.features ?? null,
    licenceId: licence?.id ?? null,
    plan: licence?.plan ?? null,
    vmId: licence?.vmId ?? vmId() ?? null,
    issuer: settings?.issuer ?? null,
    trust: settings?.trust.kind ?? null,
    ...(settings?.imdsUrl === undefined ? {} : { imdsUrl: settings.imdsUrl }),
    agent: AGENT_NAME,
  };
}

/** What `--json` prints: the report, and what else the answer says, but for the token. */
export function toJson(report: Report, { licence, correlationId }: Answer): object {
  return {
    ...report,
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(licence === undefined ? {} : { licence: withoutToken(licence) }),
  };
}

function withoutToken(licence: Licence): Omit<Licence, 'token'> {
  return Object.fromEntries(Object.entries(licence).filter(([name]) => name !== 'token')) as Omit<Licence, 'token'>;
}
