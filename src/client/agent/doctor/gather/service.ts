import { ClientError } from '../../../clientError.ts';
import { textMember } from '../../../members.ts';
import type { NotLookedAt } from '../notLookedAt.ts';
import type { Circumstances } from './circumstances.ts';
import { askService } from './service/ask.ts';
import type { ServiceReply } from './service/ask.ts';
import { lookAtExtraAuthorities } from './service/extraAuthorities.ts';
import type { ExtraAuthorities } from './service/extraAuthorities.ts';
import { reach } from './service/reach.ts';
import type { Reached } from './service/reach.ts';
import { shakeHands } from './service/shakeHands.ts';
import type { Handshake } from './service/shakeHands.ts';

/** The way to the licence service, one step after another until one fails. */
export interface ServiceEvidence {
  readonly issuer: string;
  /** `http://host:port` of the proxy, without user and password; null where there is none. */
  readonly proxy: string | null;
  /** Whether the option `ca` is set. */
  readonly hasOwnCa: boolean;
  /** NODE_EXTRA_CA_CERTS; null where it is not set. */
  readonly extraAuthorities: ExtraAuthorities | null;
  /** Name and connection: of the proxy where there is one, else of the service. */
  readonly reached: Reached;
  /** Null where nothing was reached. */
  readonly handshake: Handshake | null;
  /** Discovery document and key set. Nothing that leaves a trace is asked for. */
  readonly replies: readonly ServiceReply[];
}

export async function lookAtService(circumstances: Circumstances): Promise<ServiceEvidence | NotLookedAt> {
  const { agent, env, tell } = circumstances;
  if (agent.session instanceof ClientError) return { notLookedAt: 'The configuration does not say which service.' };
  const { settings } = agent.session;
  if (settings.fault !== undefined) return { notLookedAt: 'Nothing is asked while the configuration is wrong.' };
  tell('Asking the licence service');
  const { issuer } = settings;
  const proxy = textMember(agent.configuration.options, 'proxy', 2048);
  const way = { target: new URL(issuer), proxy: proxy === undefined ? undefined : new URL(proxy) };
  const reached = await reach(way.proxy ?? way.target);
  const handshake = reached.failed === null ? await shakeHands(way, agent.configuration.options['ca']) : null;
  const isOpen = handshake !== null && handshake.tunnel === null && handshake.failed === null;
  return {
    ...{ issuer, proxy: way.proxy?.origin ?? null, hasOwnCa: agent.configuration.options['ca'] !== undefined },
    ...{ extraAuthorities: lookAtExtraAuthorities(env), reached, handshake },
    replies: isOpen ? await askService(settings) : [],
  };
}
