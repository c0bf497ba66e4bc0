import type { Area, Found } from '../finding.ts';
import type { ServiceEvidence } from '../gather/service.ts';
import { quoteForSh } from '../../../../contract/quoteForSh.ts';
import { SERVICE_ANSWERS } from './serviceAnswers.ts';
import { TLS } from './tls.ts';

const NAME_UNKNOWN = ['ENOTFOUND', 'ENODATA', 'EAI_NONAME'];
const NO_ROUTE = ['EHOSTUNREACH', 'ENETUNREACH', 'EADDRNOTAVAIL', 'EACCES', 'EPERM'];

type Judge = (own: ServiceEvidence) => Found | null;

export const SERVICE = {
  title: 'Licence service',
  describe: ({ issuer, replies }) => `${issuer} answered ${replies.length} requests.`,
  causes: {
    service_name_unknown: {
      means: 'The name of the licence service is not known to DNS.',
      advice:
        'Compare the member issuer with what the vendor sent. In a private network, ask its administrators for the name.',
      judge: nameFails((code) => NAME_UNKNOWN.includes(code)),
    },
    service_dns_silent: {
      means: 'No name server answers, so the licence service cannot be found.',
      advice: 'Allow DNS from this VM to its name servers, or correct the name servers of its network.',
      judge: nameFails((code) => !NAME_UNKNOWN.includes(code)),
    },
    service_refused: {
      means: 'The address of the licence service refuses connections.',
      advice:
        'Compare host and port in the member issuer. A firewall may refuse for the service: allow outgoing HTTPS.',
      judge: connectionFails((code) => !NO_ROUTE.includes(code) && code !== 'ETIMEDOUT'),
    },
    service_silent: {
      means: 'The licence service does not answer connections, as behind a firewall that drops them.',
      advice:
        'Allow outgoing HTTPS to the service in the network security group, the firewall and the route table of the subnet, or set the member proxy. A VM that is to have no way out gets its licence by file.',
      judge: connectionFails((code) => code === 'ETIMEDOUT'),
    },
    service_no_route: {
      means: 'The network has no route to the licence service.',
      advice:
        'Give the subnet a way out (NAT gateway, load balancer, public address), or set the member proxy. A VM that is to have no way out gets its licence by file.',
      judge: connectionFails((code) => NO_ROUTE.includes(code)),
    },
    service_proxy_unreachable: {
      means: 'The proxy for the licence service cannot be reached.',
      advice:
        'Compare the member proxy with what the administrators of the network say, and allow this VM to reach it.',
      judge({ proxy, reached }) {
        if (proxy === null || reached.failed === null) return null;
        return { evidence: [`${proxy}: ${reached.failed.code}`], command: quoteForSh('curl', '-v', proxy) };
      },
    },
    service_proxy_password: {
      means: 'The proxy asks for a user and a password (407), or does not accept the ones that are set.',
      advice: 'Write them into the member proxy: http://user:password@host:port.',
      judge: tunnelFails((code) => code === 'PROXY_STATUS_407'),
    },
    service_proxy_refuses: {
      means: 'The proxy does not open a tunnel to the licence service.',
      advice: 'Have the administrators of the proxy allow CONNECT to the host and port of the service.',
      judge: tunnelFails((code) => code !== 'PROXY_STATUS_407'),
    },
    ...TLS,
    ...SERVICE_ANSWERS,
  },
} as const satisfies Area<ServiceEvidence>;

function nameFails(isMeant: (code: string) => boolean): Judge {
  return ({ proxy, reached: { failed, host } }) => {
    if (proxy !== null || failed?.step !== 'name' || !isMeant(failed.code)) return null;
    return { evidence: [`${host}: ${failed.code}`], command: quoteForSh('getent', 'ahosts', host) };
  };
}

function connectionFails(isMeant: (code: string) => boolean): Judge {
  return ({ issuer, proxy, reached: { addresses, failed, host, port } }) => {
    if (proxy !== null || failed?.step !== 'connection' || !isMeant(failed.code)) return null;
    const evidence = [`${host} (${addresses.join(', ')}) port ${port}: ${failed.code}`];
    return { evidence, command: quoteForSh('curl', '-v', `${issuer}/healthz`) };
  };
}

function tunnelFails(isMeant: (code: string) => boolean): Judge {
  return ({ handshake, issuer, proxy }) => {
    const code = handshake?.tunnel ?? null;
    if (proxy === null || code === null || !isMeant(code)) return null;
    const evidence = [`CONNECT ${new URL(issuer).host} by ${proxy}: ${code.replace('PROXY_STATUS_', '')}`];
    return { evidence, command: quoteForSh('curl', '-v', '--proxy', proxy, `${issuer}/healthz`) };
  };
}
