import { MEANINGS } from '../clientError.ts';
import { member, parseJsonObject, textMember } from '../members.ts';
import type { JsonObject } from '../members.ts';
import { MAX_TOKEN } from '../tokens/compactToken.ts';
import type { ServiceAnswer } from './request.ts';

/** A refusal (RFC 9457), read with care: anything between this machine and the service may have written it. */
export interface ServiceProblem {
  readonly status: number;
  readonly code: string;
  /** For people. */
  readonly reason: string;
  readonly correlationId?: string;
  /** Unverified. */
  readonly denial?: string;
  /** Milliseconds: `Retry-After`. */
  readonly retryAfter?: number;
}

/**
 * What happened, then what to do, for the codes that a customer can act on: the service's own text says the second alone, and
 * a kept denial has no text.
 */
const REASONS = new Map([
  ['trial_ended', 'The trial of this subscription has ended. Buy a licence from the vendor, then check again.'],
  [
    'claim_invalid',
    'The service does not accept the claim code of this VM. Compare it with the one that the vendor sent, or ask the vendor for another one.',
  ],
]);

/** @param otherwise for a code that the client has no text for */
export function reasonOf(code: string, otherwise: string): string {
  return REASONS.get(code) ?? otherwise;
}

const CODE = /^[a-z][a-z0-9_]{0,63}$/;
const CORRELATION_ID = /^[\x21-\x7e]{1,128}$/;
const MAX_DETAIL = 2000;
const SHOWN_DETAIL = 500;

/**
 * Reads a refusal. A 429 or 5xx says enough by its status, whoever wrote it. Any other counts only as the service's own
 * problem document: gateways and firewalls write 403 and 404 too, and some of them in this form.
 *
 * @returns undefined where the answer is neither
 */
export function readProblem(answer: ServiceAnswer): ServiceProblem | undefined {
  const { status, retryAfter } = answer;
  const timing = retryAfter === undefined ? {} : { retryAfter };
  const own = readOwnDocument(answer);
  if (own !== undefined) return { status, ...own, ...timing };
  if (status !== 429 && status < 500) return undefined;
  return { status, code: 'service_failing', reason: MEANINGS.service_failing.reason, ...timing };
}

/** The members that the service always writes, in the form it writes them in. */
function readOwnDocument({ status, mediaType, text }: ServiceAnswer): Omit<ServiceProblem, 'status'> | undefined {
  const object = status >= 400 && mediaType === 'application/problem+json' ? parseJsonObject(text) : undefined;
  if (object === undefined || member(object, 'status') !== status) return undefined;
  const code = textMember(object, 'code', 64);
  const correlationId = textMember(object, 'correlationId', 128);
  if (code === undefined || !CODE.test(code) || typeof member(object, 'retryable') !== 'boolean') return undefined;
  if (correlationId === undefined || !CORRELATION_ID.test(correlationId)) return undefined;
  const denial = textMember(object, 'denial', MAX_TOKEN);
  return {
    code,
    correlationId,
    reason: reasonOf(code, readReason(object)),
    ...(denial === undefined ? {} : { denial }),
  };
}

function readReason(object: JsonObject): string {
  const detail = textMember(object, 'detail', MAX_DETAIL) ?? textMember(object, 'title', MAX_DETAIL) ?? '';
  return printable(detail);
}

/** Text from elsewhere goes to logs and terminals: no control characters, no line breaks, no direction marks. */
export function printable(text: string): string {
  const plain = text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, SHOWN_DETAIL);
  return plain.trim() === '' ? 'The service gave no reason.' : plain;
}
