import { hash } from 'node:crypto';
import { promisify } from 'node:util';
import type { EdgeRequest, Reply, UseCase } from '../http/edge.ts';

export interface OpenApiNeeds {
  /** Describes all routes of this service as an OpenAPI document. */
  readonly describeApi: () => Promise<unknown>;
}

/**
 * `GET /openapi.json`. The document is created and compressed at the first request, not at the start, and stays the same
 * after that. Its ETags let callers ask whether it has changed (RFC 9110 section 13.1.2).
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

/** One representation: each has an ETag of its own (RFC 9110 section 8.8.3). */
interface Representation {
  readonly eTag: string;
  readonly octets: Uint8Array;
}

interface Document {
  readonly body: string;
  readonly plain: Representation;
  /** A tenth of its size. */
  readonly gzipped: Representation;
}

async function describe(describeApi: OpenApiNeeds['describeApi']): Promise<Document> {
  const { gzip } = await import('node:zlib');
  const body = JSON.stringify(await describeApi());
  return { body, plain: represent(Buffer.from(body)), gzipped: represent(await promisify(gzip)(body)) };
}

function represent(octets: Uint8Array): Representation {
  return { octets, eTag: `"${hash('sha256', octets, 'base64url').slice(0, 22)}"` };
}

function reply({ body, plain, gzipped }: Document, request: EdgeRequest): Reply {
  const takesGzip = acceptsGzip(request.header('accept-encoding'));
  const { eTag, octets } = takesGzip ? gzipped : plain;
  const headers = { ETag: eTag, 'Cache-Control': 'public, max-age=300', Vary: 'Accept-Encoding' };
  // Both say the same: whoever has one of them has the document.
  const isFresh = [plain, gzipped].some((known) => isKnown(request.header('if-none-match'), known.eTag));
  if (isFresh) return { status: 304, headers, body: '' };
  const json = { 'Content-Type': 'application/json', ...headers };
  if (!takesGzip) return { status: 200, headers: json, body };
  return { status: 200, headers: { ...json, 'Content-Encoding': 'gzip' }, body, encodedBody: octets };
}

/** Whether gzip is named, and not with a weight of zero (RFC 9110 section 12.5.3). */
function acceptsGzip(acceptEncoding: string | null): boolean {
  const entries = (acceptEncoding ?? '').toLowerCase().split(',');
  return entries.some((entry) => {
    const [name = '', weight = ''] = entry.split(';');
    return name.trim() === 'gzip' && !/^\s*q=0(?:\.0*)?\s*$/.test(weight);
  });
}

/** By the weak comparison: a proxy that compressed an answer may have made its ETag a weak one. */
function isKnown(ifNoneMatch: string | null, eTag: string): boolean {
  const known = (ifNoneMatch ?? '').split(',').map((entry) => entry.trim().replace(/^W\//, ''));
  return known.includes('*') || known.includes(eTag);
}
