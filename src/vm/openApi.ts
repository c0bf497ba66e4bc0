import { hash } from 'node:crypto';
import type { EdgeRequest, Reply, UseCase } from '../http/edge.ts';

export interface OpenApiNeeds {
  /** Describes all routes of this service as an OpenAPI document. */
  readonly describeApi: () => Promise<unknown>;
}

/**
 * `GET /openapi.json`. The document is created at the first request, not at the start, and stays the same after that. Its
 * ETag lets callers ask whether it has changed (RFC 9110 section 13.1.2).
 */
export function createOpenApi({ describeApi }: OpenApiNeeds): UseCase {
  let describing: Promise<Document> | null = null;
  return async (request) => {
    describing ??= describe(describeApi);
    const document = await describing.catch((error: unknown) => {
      describing = null;
      throw error;
    });
    return reply(document, request);
  };
}

interface Document {
  readonly body: string;
  readonly eTag: string;
}

async function describe(describeApi: OpenApiNeeds['describeApi']): Promise<Document> {
  const body = JSON.stringify(await describeApi());
  return { body, eTag: `"${hash('sha256', body, 'base64url').slice(0, 22)}"` };
}

function reply({ body, eTag }: Document, request: EdgeRequest): Reply {
  const headers = { ETag: eTag, 'Cache-Control': 'public, max-age=300' };
  if (isKnown(request.header('if-none-match'), eTag)) return { status: 304, headers, body: '' };
  return { status: 200, headers: { 'Content-Type': 'application/json', ...headers }, body };
}

/** By the weak comparison: a proxy that compressed an answer may have made its ETag a weak one. */
function isKnown(ifNoneMatch: string | null, eTag: string): boolean {
  const known = (ifNoneMatch ?? '').split(',').map((entry) => entry.trim().replace(/^W\//, ''));
  return known.includes('*') || known.includes(eTag);
}
