import type { Evidence } from '../evidence.ts';
import type { ImdsAnswer } from '../gather/imds.ts';
import { isLookedAt } from '../notLookedAt.ts';
import type { Trouble } from '../../../diagnosis/trouble.ts';

/** The first request got no answer at all, so that something between here and IMDS is to be found. */
export function isCutOff({ imds }: Evidence): boolean {
  return isLookedAt(imds) && !imds.answers.some(({ reply }) => reply === 'answer' || reply === 'cut');
}

export function findTrouble(answers: readonly ImdsAnswer[], trouble: Trouble): readonly ImdsAnswer[] {
  return answers.filter((answer) => answer.trouble === trouble);
}

const NOTHING = { refused: 'connection refused', no_route: 'no route', silent: 'no answer', cut: 'a broken answer' };

/** One line: what was asked, and what came. */
export function describeAnswer({ asked, reply, status, text, tries }: ImdsAnswer): string {
  const came = reply === 'answer' ? `${status ?? ''}${text === null || text === '' ? '' : ` ${text}`}` : NOTHING[reply];
  return `GET ${asked}: ${came}${tries > 1 ? ` (${tries} times)` : ''}`;
}
