import type { Area, Found } from '../finding.ts';
import type { ProxyEvidence } from '../gather/proxy.ts';

/** Those that Node reads for plain HTTP. */
const READ_BY_NODE = ['http_proxy', 'HTTP_PROXY'];
const ADVICE =
  'Add 169.254.169.254 to NO_PROXY, in this shell and where the variables are kept. The agent itself never uses a proxy for IMDS.';

export const PROXY = {
  title: 'Proxy variables',
  describe: ({ set }) => (set.length === 0 ? 'None is set.' : `Set, and harmless for IMDS: ${set.join(', ')}.`),
  causes: {
    proxy_diverts_imds: {
      means: 'Proxy variables make other programs ask a proxy for IMDS, and IMDS answers no proxy.',
      advice: ADVICE,
      judge: (own) => (own.diverting.length === 0 || isOfNode(own) ? null : found(own)),
    },
    proxy_diverts_imds_of_node: {
      means: 'Programs that run on Node obey the proxy variables here, and so ask a proxy for IMDS.',
      advice: ADVICE,
      judge: (own) => (isOfNode(own) ? found(own) : null),
    },
  },
} as const satisfies Area<ProxyEvidence>;

function isOfNode({ diverting, ofNode }: ProxyEvidence): boolean {
  return ofNode.length > 0 && diverting.some((name) => READ_BY_NODE.includes(name));
}

function found(own: ProxyEvidence): Found {
  const evidence = [
    ...own.diverting.map((name) => `${name} is set, and NO_PROXY does not name 169.254.169.254`),
    ...(isOfNode(own) ? own.ofNode : []),
  ];
  return { evidence, command: own.isWindows ? ON_WINDOWS : ON_OTHERS };
}

/** The values are not known here: they can hold passwords. */
const ON_OTHERS = 'export NO_PROXY="${NO_PROXY:+$NO_PROXY,}169.254.169.254"';
const ON_WINDOWS = 'set "NO_PROXY=169.254.169.254,%NO_PROXY%"';
