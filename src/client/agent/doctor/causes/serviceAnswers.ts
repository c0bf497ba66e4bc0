import type { Cause, Found } from '../finding.ts';
import type { ServiceEvidence } from '../gather/service.ts';
import type { ServiceReply } from '../gather/service/ask.ts';
import { quoteForSh } from '../../../../contract/quoteForSh.ts';

/** Codes of a reply that another cause tells. */
const KEY_SET_MISSING = 'key_set_missing';
const HTML = ['text/html', 'application/xhtml+xml'];

export const SERVICE_ANSWERS = {
  service_cut_off: {
    means: 'The connection to the licence service opens, and requests get no answer.',
    advice: 'Look for a firewall or a proxy that ends connections. If there is none, tell the vendor.',
    judge: find(({ failed }) => failed !== null),
  },
  service_redirected: {
    means: 'Something between this machine and the licence service redirects requests.',
    advice: 'Exempt the service from the portal or the proxy that redirects. The service never redirects.',
    judge: find(isRedirect),
  },
  service_html: {
    means:
      'A web page came instead of an answer: a captive portal, a block page of a proxy, or the error of a gateway.',
    advice: 'Read the page that the command shows, and have the service allowed where it comes from.',
    judge: find((reply) => isForeign(reply) && HTML.includes(reply.mediaType)),
  },
  service_foreign: {
    means: 'The answer is not one of a licence service.',
    advice:
      'Compare the member issuer with what the vendor sent, path included. If it is right, another server answers.',
    judge: find((reply) => isForeign(reply) && !HTML.includes(reply.mediaType)),
  },
  service_key_set_missing: {
    means: 'The service has no signed key set yet (key_set_missing).',
    advice: 'Tell the vendor: the root key of the service has to sign a key set.',
    judge: find(({ problem }) => problem === KEY_SET_MISSING),
  },
  service_failing: {
    means: 'The licence service has a problem.',
    advice: 'Wait some minutes: the agent tries again by itself. If it stays like this, tell the vendor.',
    judge: find((reply) => isFailing(reply) && reply.problem !== KEY_SET_MISSING),
  },
  service_busy: {
    means: 'The licence service answers that there are too many requests (429).',
    advice: 'Wait some minutes: the agent tries again by itself. Many VMs behind one address share its limit.',
    judge: find(({ status }) => status === 429),
  },
  service_issuer_differs: {
    means: 'The licence service calls itself by another issuer than the configuration does.',
    advice: 'Set the member issuer to the URL that the service names, if the vendor confirms it.',
    judge({ issuer, replies }) {
      const other = replies.find((reply) => reply.issuer !== null && reply.issuer !== issuer);
      if (other === undefined) return null;
      return {
        evidence: [`configured: ${issuer}`, `the service: ${other.issuer ?? ''}`],
        command: show(issuer, other),
      };
    },
  },
} as const satisfies Readonly<Record<string, Cause<ServiceEvidence>>>;

function find(isMeant: (reply: ServiceReply) => boolean): (own: ServiceEvidence) => Found | null {
  return ({ issuer, replies }) => {
    const found = replies.filter(isMeant);
    const [first] = found;
    return first === undefined ? null : { evidence: found.map(describeReply), command: show(issuer, first) };
  };
}

function isRedirect({ status }: ServiceReply): boolean {
  return status !== null && status >= 300 && status < 400;
}

function isFailing({ status, mediaType }: ServiceReply): boolean {
  return status !== null && status >= 500 && !HTML.includes(mediaType);
}

/** Not read as what was asked for, and not an answer that another cause has by its status. */
function isForeign(reply: ServiceReply): boolean {
  return reply.excerpt !== null && !isRedirect(reply) && !isFailing(reply) && reply.status !== 429;
}

export function describeReply({ asked, excerpt, failed, location, problem, status }: ServiceReply): string {
  const came = [failed ?? String(status), problem ?? '', location === null ? '' : `to ${location}`, excerpt ?? ''];
  return `GET ${asked}: ${came.filter((part) => part !== '').join(' ')}`;
}

function show(issuer: string, { asked }: ServiceReply): string {
  return quoteForSh('curl', '-i', `${issuer}${asked}`);
}
