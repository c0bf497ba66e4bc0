/** Variables that send requests for http://169.254.169.254 to a proxy, in the programs that obey them. */
const DIVERTING = ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'];
const OTHERS = ['https_proxy', 'HTTPS_PROXY'];
const EXEMPTING = ['no_proxy', 'NO_PROXY'];
const EXEMPT = ['169.254.169.254', '*'];

/** The proxy variables of the environment, by name alone: their values can hold passwords. */
export interface ProxyFacts {
  /** Those that are set. */
  readonly set: readonly string[];
  /** Those that send requests for IMDS to a proxy. */
  readonly diverting: readonly string[];
}

export function readProxy(env: Readonly<Record<string, string | undefined>>): ProxyFacts {
  const isSet = (name: string) => (env[name] ?? '').trim() !== '';
  const exempt = EXEMPTING.flatMap((name) => (env[name] ?? '').split(/[,\s]+/));
  const isExempt = exempt.some((host) => EXEMPT.includes(host));
  return {
    set: [...DIVERTING, ...OTHERS, ...EXEMPTING].filter(isSet),
    diverting: isExempt ? [] : DIVERTING.filter(isSet),
  };
}
