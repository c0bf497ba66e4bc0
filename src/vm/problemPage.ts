import type { ProblemCode } from '../contract/codes.ts';
import { PROBLEMS } from '../contract/problems.ts';
import { CODE_REFERENCE } from '../contract/codeReference.ts';
import type { Reply, UseCase } from '../http/edge.ts';
import { replyProblem } from '../http/problems.ts';

/** One heading of a code's page, and what stands under it. */
export interface PageSection {
  readonly heading: string;
  readonly text: string;
}

/** What a page says about a code, for the service's own page and for the documentation: what happened, who can fix it, how. */
export function describeProblem(code: ProblemCode): readonly PageSection[] {
  const { cause, caller, vendor } = CODE_REFERENCE[code];
  const again = PROBLEMS[code].retryable
    ? 'Yes. The same request, started over, can succeed without any change.'
    : 'No, unless the answer has Retry-After.';
  return [
    { heading: 'What happened', text: cause },
    { heading: 'Who can fix this', text: nameFixers(caller !== null, vendor !== null) },
    ...(caller === null ? [] : [{ heading: 'What the caller does', text: caller }]),
    ...(vendor === null ? [] : [{ heading: 'What the vendor’s operators do', text: vendor }]),
    { heading: 'Is it worth retrying?', text: again },
  ];
}

function nameFixers(caller: boolean, vendor: boolean): string {
  if (caller && vendor) return 'Whoever runs the VM or calls the service, or the vendor’s operators.';
  return caller ? 'Whoever runs the VM or calls the service.' : 'The vendor’s operators.';
}

/** `GET /problems/{code}`: the page that a problem document's `type` names. */
export function readProblemPage({ issuer }: { readonly issuer: string }): UseCase {
  return ({ path }) => Promise.resolve(replyPage(issuer, path.split('/').at(-1) ?? ''));
}

function replyPage(issuer: string, code: string): Reply {
  if (!isProblemCode(code)) return replyProblem(issuer, 'not_found');
  const { title, status } = PROBLEMS[code];
  const sections = describeProblem(code).map(({ heading, text }) => `${heading}\n  ${text}\n`);
  return {
    status: 200,
    headers: { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'public, max-age=3600' },
    body: `${code} (HTTP ${status})\n${title}\n\n${sections.join('\n')}`,
  };
}

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(PROBLEMS, code);
}
