import type { Trouble } from '../../../diagnosis/trouble.ts';
import type { Evidence } from '../evidence.ts';
import type { ImdsAnswer, ImdsEvidence } from '../gather/imds.ts';
import { isLookedAt } from '../notLookedAt.ts';

/** The first request got no answer at all, so that something between here and IMDS is to be found. */
export function isCutOff({ imds }: Evidence): boolean {
  return isLookedAt(imds) && !imds.answers.some(({ reply }) => reply === 'answer' || reply === 'cut');
}

/** What is wrong with an answer, more closely than asking again needs it. */
export type Fault = Trouble | 'not_found' | 'page' | 'tls';

/** Those that something else than IMDS may have given. */
const ODD: readonly Trouble[] = ['odd', 'denied'];
/** Of proxies and portals that want a person to sign in (RFC 9110, RFC 6585). */
const PORTAL = [407, 511];

export function faultOf({ trouble, status, text }: ImdsAnswer, head: ImdsEvidence['head']): Fault | null {
  if (trouble === 'failing' && status === 404) return 'not_found';
  if (trouble === null || !ODD.includes(trouble)) return trouble;
  if (head?.isTls === true || /plain HTTP request .* HTTPS port|HTTP request to an HTTPS server/i.test(text ?? ''))
    return 'tls';
  return (text ?? '').startsWith('<') || PORTAL.includes(status ?? 0) ? 'page' : trouble;
}

const NOTHING = { refused: 'connection refused', no_route: 'no route', silent: 'no answer', cut: 'a broken answer' };

/** One line: what was asked, and what came. */
export function describeAnswer({ asked, reply, status, text, tries }: ImdsAnswer): string {
  const came = reply === 'answer' ? `${status ?? ''}${text === null || text === '' ? '' : ` ${text}`}` : NOTHING[reply];
  return `GET ${asked}: ${came}${tries > 1 ? ` (${tries} times)` : ''}`;
}
