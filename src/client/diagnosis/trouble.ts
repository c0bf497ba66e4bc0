import type { ImdsReply } from '../adapters.ts';

const SECOND = 1000;

/** What is known of a reply that is not what was asked for, and how long it is worth asking again. */
interface TroubleFacts {
  /** Milliseconds. */
  readonly patience: number;
  /** What happened. */
  readonly detail: string;
  readonly advice: string;
}

const BETWEEN =
  'Something between this program and IMDS answers or changes requests. Remove the proxy or the redirect for 169.254.169.254.';
const RETRY = 'Run the command again in a minute. If it stays like this, restart the VM or ask Azure support.';

/** Each has its own cause, so each has its own advice. Every one but the last few is worth asking again. */
export const TROUBLES = {
  no_route: {
    patience: 5 * SECOND,
    detail: 'The network has no route to IMDS, or a firewall on this machine blocks it.',
    advice:
      'Allow 169.254.169.254 port 80 in the firewall, and check the route (Linux: ip route get 169.254.169.254). In a container, use the network of the host.',
  },
  refused: {
    patience: 5 * SECOND,
    detail: 'The connection to IMDS was refused.',
    advice:
      'Allow 169.254.169.254 port 80 in the firewall of this machine. In a container, use the network of the host.',
  },
  silent: {
    patience: 15 * SECOND,
    detail: 'IMDS does not answer.',
    advice:
      'Check the firewall and the route to 169.254.169.254 (Linux: ip route get 169.254.169.254). Outside Azure there is no IMDS.',
  },
  updating: {
    patience: 75 * SECOND,
    detail: 'IMDS answers that it is being updated (410), for longer than the 70 seconds that this takes.',
    advice: RETRY,
  },
  busy: {
    patience: 10 * SECOND,
    detail: 'IMDS answers that there are too many requests (429).',
    advice: 'Find the program on this VM that asks IMDS too often: all programs together may ask five times a second.',
  },
  failing: { patience: 10 * SECOND, detail: 'IMDS answers with an error.', advice: RETRY },
  odd: { patience: SECOND, detail: 'The answer is not one that IMDS gives.', advice: BETWEEN },
  redirected: { patience: 0, detail: 'The answer is a redirect. IMDS never redirects.', advice: BETWEEN },
  header_lost: { patience: 0, detail: 'The header "Metadata: true" was sent and did not arrive.', advice: BETWEEN },
  forwarded: { patience: 0, detail: 'A proxy added the header X-Forwarded-For, so IMDS refuses.', advice: BETWEEN },
  denied: {
    patience: 0,
    detail: 'IMDS denies access (403). On Azure this is the Metadata Security Protocol with its guest proxy agent.',
    advice:
      'Allow this program and its user to read /metadata/instance, /metadata/attested and /metadata/versions in the access control profile of the VM (inVMAccessControlProfile), or run it as a user who may. Outside Azure, something else answers at this address.',
  },
  version: {
    patience: 0,
    detail: 'IMDS knows no api-version that Countersign knows.',
    advice: 'Send the fixture (--out FILE) to the maintainers of Countersign.',
  },
} as const satisfies Readonly<Record<string, TroubleFacts>>;

export type Trouble = keyof typeof TROUBLES;

export type Judgement<Value> =
  { readonly kind: 'usable'; readonly value: Value } | { readonly kind: 'trouble'; readonly trouble: Trouble };

/**
 * What a reply to a request means (Azure Instance Metadata Service, "Errors and debugging"; Metadata Security Protocol).
 *
 * @param parse answers undefined where the text is not what was asked for
 */
export function judgeReply<Value>(reply: ImdsReply, parse: (text: string) => Value | undefined): Judgement<Value> {
  if (reply.kind !== 'answer') return trouble(reply.kind === 'cut' ? 'odd' : reply.kind);
  const { status, text } = reply;
  if (status !== 200) return trouble(judgeStatus(status, text));
  const value = parse(text);
  return value === undefined ? trouble('odd') : { kind: 'usable', value };
}

function trouble(name: Trouble): { readonly kind: 'trouble'; readonly trouble: Trouble } {
  return { kind: 'trouble', trouble: name };
}

function judgeStatus(status: number, text: string): Trouble {
  if (status === 400) return judgeBadRequest(text);
  if (status === 401 || status === 403) return 'denied';
  if (status === 404 && /invalid version|newest-versions/i.test(text)) return 'version';
  if (status === 410) return 'updating';
  if (status === 429) return 'busy';
  if (status >= 300 && status < 400) return 'redirected';
  return status === 404 || status >= 500 ? 'failing' : 'odd';
}

function judgeBadRequest(text: string): Trouble {
  if (/metadata header/i.test(text)) return 'header_lost';
  if (/x-forwarded-for/i.test(text)) return 'forwarded';
  return /version/i.test(text) ? 'version' : 'odd';
}
