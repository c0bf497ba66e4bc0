import { isLoopback } from '../contract/loopback.ts';
import { randomUUID } from 'node:crypto';

import type { Io, Passing } from './command.ts';
import type { AnswerName, Answers } from './operatorAnswers.ts';
import { CommandError, RefusedError, UsageError } from './command.ts';
import { printable } from './printable.ts';

export const OPERATOR_SETTINGS_HELP = `
Settings (environment):
  COUNTERSIGN_URL       the service, such as https://licences.contoso.com (or --service URL)
  COUNTERSIGN_TOKEN     an access token, such as one of the local issuer of npm start.
                        Without it the command uses the account of "az login", and needs:
  COUNTERSIGN_AUDIENCE  the application (client) id of the operators' API in your directory
  COUNTERSIGN_TENANT    the id of that directory, where your account has several
`;

export interface ServiceCall<A extends AnswerName = AnswerName> {
  readonly method?: 'GET' | 'PUT' | 'PATCH' | 'POST' | 'DELETE';
  /** Below `/operator/v1`, with a slash before it. */
  readonly path: string;
  /** What is undefined is left out. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: { readonly text: string; readonly mediaType: string };
  /** The ETag of the version that is to be replaced. */
  readonly version?: string | undefined;
  /** What the service answers with. */
  readonly answer: A;
}

/** The operators' API of one service, as one operator. */
export type OperatorClient = <A extends AnswerName>(call: ServiceCall<A>) => Promise<Answers[A]>;

/** Milliseconds; longer than the platform lets any request run (230 seconds). */
const TIMEOUT = 240_000;

/**
 * @param service of `--service`; else the setting names it
 * @throws {UsageError} no service, or one to which no token may be sent
 */
export function createOperatorClient(
  service: string | undefined,
  { env, now }: Pick<Io, 'env' | 'now'>,
): OperatorClient {
  const base = parseBase(service ?? env['COUNTERSIGN_URL'] ?? '');
  let token: Promise<Token> | undefined;
  return async <A extends AnswerName>(call: ServiceCall<A>) => {
    token ??= readToken(env);
    // A command that follows decisions lives longer than a token.
    if ((await token).endsAt - now() < LEAST_LIFE) token = readToken(env);
    // A newer service may answer with more than these types say, and never with less.
    return (await send(base, (await token).text, call)) as Answers[A];
  };
}

/** Whether a service is named at all. */
export function isServiceNamed(service: string | undefined, { env }: Pick<Io, 'env'>): boolean {
  return (service ?? env['COUNTERSIGN_URL'] ?? '') !== '';
}

function parseBase(text: string): string {
  if (text === '') throw new UsageError('no service is named. Give --service URL, or set COUNTERSIGN_URL');
  const url = URL.parse(text);
  if (url === null)
    throw new UsageError(`"${printable(text)}" is not a URL. Write it like https://licences.contoso.com`);
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(text));
  if (!isSafe) throw new UsageError('a token is only sent over https (or http to this machine). Correct the URL');
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

interface Token {
  readonly text: string;
  /** Milliseconds since the epoch. */
  readonly endsAt: number;
}

/** Milliseconds: a token that ends sooner is replaced. */
const LEAST_LIFE = 5 * 60_000;

async function readToken(env: Io['env']): Promise<Token> {
  const { COUNTERSIGN_TOKEN: token = '', COUNTERSIGN_AUDIENCE: audience = '', COUNTERSIGN_TENANT: tenantId = '' } = env;
  if (token !== '') return { text: checkToken(token.trim()), endsAt: Number.POSITIVE_INFINITY };
  if (audience === '')
    throw new UsageError(
      'there is no token. Set COUNTERSIGN_AUDIENCE to sign in with "az login", or COUNTERSIGN_TOKEN',
    );
  const { AzureCliCredential } = await import('@azure/identity');
  const options = tenantId === '' ? {} : { tenantId };
  const answer = await new AzureCliCredential(options).getToken(`${audience}/.default`);
  return { text: answer.token, endsAt: answer.expiresOnTimestamp };
}

/** A header with another character is refused by a message that quotes all of it. */
function checkToken(token: string): string {
  if (/^[\w.~+/=-]+$/.test(token)) return token;
  throw new UsageError(
    'COUNTERSIGN_TOKEN is not a token: it contains a space, a line break or another unexpected character',
  );
}

/** @returns what the JSON of the answer says, or the text of a CSV file */
async function send(base: string, token: string, call: ServiceCall): Promise<unknown> {
  const { method = 'GET', path, query = {}, body, version } = call;
  const url = new URL(`${base}/operator/v1${path}`);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
  const response = await fetch(url, {
    method,
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT),
    headers: {
      Authorization: `Bearer ${token}`,
      ...(method !== 'GET' && { 'Idempotency-Key': randomUUID() }),
      ...(body !== undefined && { 'Content-Type': body.mediaType }),
      ...(version !== undefined && { 'If-Match': version }),
    },
    ...(body !== undefined && { body: body.text }),
  }).catch((error: unknown) => explainFailure(error, url.origin));
  const text = await response.text();
  if (!response.ok) throw explainRefusal(response, text, url.origin);
  return call.answer === 'CSV' ? text : parseJson(text);
}

function explainFailure(error: unknown, origin: string): never {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const reason = cause instanceof Error ? cause.message : 'no answer';
  throw new CommandError(
    'service_unreachable',
    `${origin} does not answer: ${printable(reason)}. Check the URL and the network`,
    { passing: { retryAfter: null } },
  );
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

interface Problem {
  readonly code?: unknown;
  readonly detail?: unknown;
  readonly correlationId?: unknown;
  readonly errors?: readonly { readonly line?: number; readonly field?: string; readonly message?: string }[];
}

const MAX_TOLD = 50;

/** 4xx: the service refused what was asked; anything else is a failure of the service. */
function explainRefusal(response: Response, text: string, origin: string): Error {
  const { status } = response;
  const passing = readPassing(response);
  const problem = parseJson(text) as Problem | null;
  if (typeof problem?.code !== 'string') return explainStranger(status, origin, passing);
  const { code, detail, correlationId, errors = [] } = problem;
  const told = errors.slice(0, MAX_TOLD).map(({ line, field = '', message = '' }) => {
    const place = [line === undefined ? '' : `line ${line}`, field].filter((part) => part !== '').join(', ');
    return `\n  ${printable(place === '' ? message : `${place}: ${message}`)}`;
  });
  if (errors.length > MAX_TOLD) told.push(`\n  and ${errors.length - MAX_TOLD} more`);
  const explanation = `${printable(String(detail))}${told.join('')}`;
  const id = typeof correlationId === 'string' ? printable(correlationId) : undefined;
  const name = printable(code);
  const options = { correlationId: id, passing };
  return status < 500 ? new RefusedError(name, explanation, options) : new CommandError(name, explanation, options);
}

function readPassing({ status, headers }: Response): Passing | undefined {
  if (status !== 429 && status < 500) return undefined;
  const after = headers.get('Retry-After') ?? '';
  return { retryAfter: /^\d{1,6}$/.test(after) ? Number(after) : null };
}

/** An answer that is not the service's own. */
function explainStranger(status: number, origin: string, passing: Passing | undefined): Error {
  const reason =
    status < 500
      ? "this is not an answer of the operators' API. Check the URL, and whether the service has operators' routes"
      : 'a gateway in front of the service timed out, or the service is not running. A write may still go on: check before you repeat it';
  return new CommandError('service_unreachable', `${origin} answered ${status}: ${reason}`, { passing });
}

/** A list, and what its items are. */
export interface ListCall<T extends AnswerName> extends Pick<ServiceCall, 'path' | 'query'> {
  readonly item: T;
  /** Told after each page but the last one. */
  readonly onPage?: (read: readonly Answers[T][]) => void;
}

/** Every item of a list up to a number, page by page. `more`: whether the list goes on. */
export async function readList<T extends AnswerName>(
  client: OperatorClient,
  { query = {}, onPage, ...call }: ListCall<T>,
  limit: number,
): Promise<{ readonly items: readonly Answers[T][]; readonly more: boolean }> {
  const items: Answers[T][] = [];
  let continuation: string | undefined;
  do {
    const size = Math.min(limit - items.length, 1_000);
    const page = await readPage(client, { ...call, query: { ...query, limit: `${size}`, continuation } });
    items.push(...page.items);
    continuation = page.continuation ?? undefined;
    if (continuation !== undefined) onPage?.(items);
  } while (continuation !== undefined && items.length < limit);
  return { items, more: continuation !== undefined };
}

export interface Page<T> {
  readonly items: readonly T[];
  /** For the next page; null at the end. */
  readonly continuation: string | null;
}

/** One page of a list. */
export function readPage<T extends AnswerName>(
  client: OperatorClient,
  { path, query, item }: Omit<ListCall<T>, 'onPage'>,
): Promise<Page<Answers[T]>> {
  const read = client as unknown as (call: ServiceCall) => Promise<Page<Answers[T]>>;
  return read({ path, ...(query !== undefined && { query }), answer: item });
}
