import { OPERATOR_ENDPOINTS } from '../../contract/endpoints.ts';
import type { OperatorEndpoint } from '../../contract/endpoints.ts';
import type { Problem } from '../../contract/wire.ts';
import type { Answers } from './answers.ts';
import { ApiError, describeAnswer } from './problems.ts';

export interface Asked {
  readonly params?: Readonly<Record<string, string>>;
  /** What is undefined or empty is left out. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly signal?: AbortSignal;
}

export interface Write extends Asked {
  /** Of the version that is replaced. */
  readonly etag?: string;
  /** The same for every repeat of one write, so that it is executed once. */
  readonly key?: string;
  readonly body?: unknown;
  /** Instead of a body of JSON. */
  readonly file?: SentFile;
}

/** A file as it is sent. */
export interface SentFile {
  readonly text: string;
  readonly mediaType: string;
}

/** The operators' API, as the person who signed in. */
export interface Api {
  /** @throws {ApiError} */
  read<Name extends keyof Answers>(name: Name, asked?: Asked): Promise<Answers[Name]>;
  /** @throws {ApiError} */
  write(name: OperatorEndpoint, write: Write): Promise<unknown>;
}

/** @param root of the service, without a trailing slash */
export function createApi(root: string, accessToken: string): Api {
  const send = async (
    name: OperatorEndpoint,
    { params, query, signal, etag, key, body, file }: Write,
  ): Promise<unknown> => {
    const sent = body === undefined ? file : { text: JSON.stringify(body), mediaType: 'application/json' };
    const answer = await fetch(`${root}${writeAddress(name, params, query)}`, {
      method: OPERATOR_ENDPOINTS[name].method,
      headers: {
        Authorization: `Bearer ${accessToken}`,
        ...(etag !== undefined && { 'If-Match': etag }),
        ...(key !== undefined && { 'Idempotency-Key': key }),
        ...(sent !== undefined && { 'Content-Type': sent.mediaType }),
      },
      ...(sent !== undefined && { body: sent.text }),
      ...(signal !== undefined && { signal }),
    }).catch((error: unknown) => {
      if (signal?.aborted === true) throw error;
      throw new ApiError({ kind: 'offline' });
    });
    return readAnswer(answer);
  };
  return {
    read: async <Name extends keyof Answers>(name: Name, asked: Asked = {}) =>
      (await send(name, asked)) as Answers[Name],
    write: send,
  };
}

/** The address of an endpoint below the service. */
export function writeAddress(
  name: OperatorEndpoint,
  params: Readonly<Record<string, string>> = {},
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const path = OPERATOR_ENDPOINTS[name].path.replace(/\{(\w+)\}/g, (_, key: string) =>
    encodeURIComponent(params[key] ?? ''),
  );
  const given = Object.entries(query).filter((entry): entry is [string, string] => (entry[1] ?? '') !== '');
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}

async function readAnswer(answer: Response): Promise<unknown> {
  const body: unknown = await answer.json().catch(() => ({}));
  if (answer.ok) return body;
  throw new ApiError(describeAnswer(answer.status, body as Partial<Problem>));
}
