import { hash } from 'node:crypto';
import type { ServiceFetch } from '../../../src/client/adapters.ts';
import { readToken, signToken } from './recording.ts';
import type { Exchange, RecordedStep, Recording } from './recording.ts';
import { SIGNING, createWireClients, runStep } from './wireClient.ts';

/**
 * The present client against a recorded service: each request is answered with what that service said to one of the same
 * method and path. What it did not know, it did not have (404).
 *
 * @returns the outcomes, in the order of the steps
 */
export async function replayAnswers({
  issuer,
  at,
  steps,
}: Recording): Promise<readonly Readonly<Record<string, unknown>>[]> {
  let now = at;
  let current: RecordedStep | undefined;
  let left: Exchange[] = [];
  const answer: ServiceFetch = (url, { method, body }) => {
    const path = url.slice(issuer.length);
    const index = left.findIndex((exchange) => exchange.method === method && exchange.path === path);
    const [exchange] = index < 0 ? [] : left.splice(index, 1);
    return Promise.resolve(exchange === undefined ? new Response(null, { status: 404 }) : toResponse(exchange, body));
  };
  const clientFor = createWireClients({
    ...{ issuer, imdsUrl: 'http://127.0.0.1:9', now: () => (now += 1), fetch: answer },
    requestImds: (path) => {
      return Promise.resolve(current?.imds[path] ?? { kind: 'answer', status: 404, text: '{"error":"Not found"}' });
    },
  });
  const outcomes: Readonly<Record<string, unknown>>[] = [];
  for (const step of steps) {
    now += step.after ?? 0;
    [current, left] = [step, [...step.exchanges]];
    outcomes.push(await runStep(clientFor(step), step));
  }
  return outcomes;
}

function toResponse({ answer: { status, headers, text } }: Exchange, sent: string | undefined): Response {
  return new Response(answerProof(text, sent), { status, headers });
}

/** A denial answers one proof, and each proof is signed with chance in it: the recorded service signs it again. */
function answerProof(text: string, sent: string | undefined): string {
  if (!text.includes('"denial"') || sent === undefined) return text;
  const problem = JSON.parse(text) as { readonly denial: string };
  const { proof } = JSON.parse(sent) as { readonly proof: string };
  const denial = readToken(problem.denial);
  const claims = { ...(denial?.claims as object), pth: hash('sha256', proof, 'base64url') };
  return JSON.stringify({ ...problem, denial: signToken(SIGNING, denial?.header, claims) });
}
