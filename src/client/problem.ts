import { parseJsonObject, textMember } from './members.ts';
import type { JsonObject } from './members.ts';
import { MEANINGS } from './clientError.ts';
import { LONGEST_TOKEN } from './compactToken.ts';
import type { ServiceAnswer } from './serviceRequest.ts';

/** A problem document (RFC 9457), read with care: anything between us and the service may have written it. */
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

const CODE = /^[a-z][a-z0-9_]{0,63}$/;
const CORRELATION_ID = /^[\x21-\x7e]{1,128}$/;
const LONGEST_DETAIL = 2000;
const SHOWN_DETAIL = 500;

/**
 * Reads a refusal. A 429 or 5xx says enough by its status, whoever wrote it; any other refusal counts only when it is a
 * problem document with a code.
 *
 * @returns undefined where the answer is neither
 */
export function readProblem(answer: ServiceAnswer): ServiceProblem | undefined {
  const { status, retryAfter } = answer;
  const read = status >= 400 && isProblemDocument(answer) ? parseJsonObject(answer.text) : undefined;
  const code = textMember(read ?? {}, 'code', 64);
  const timing = retryAfter === undefined ? {} : { retryAfter };
  if (read !== undefined && code !== undefined && CODE.test(code)) return { status, code, ...timing, ...details(read) };
  if (status !== 429 && status < 500) return undefined;
  return { status, code: 'service_failing', reason: MEANINGS.service_failing.reason, ...timing };
}

function isProblemDocument(answer: ServiceAnswer): boolean {
  return answer.mediaType === 'application/problem+json' || answer.mediaType === 'application/json';
}

function details(object: JsonObject): Pick<ServiceProblem, 'reason' | 'correlationId' | 'denial'> {
  const detail = textMember(object, 'detail', LONGEST_DETAIL) ?? textMember(object, 'title', LONGEST_DETAIL) ?? '';
  const correlationId = textMember(object, 'correlationId', 128);
  const denial = textMember(object, 'denial', LONGEST_TOKEN);
  return {
    reason: printable(detail),
    ...(correlationId !== undefined && CORRELATION_ID.test(correlationId) ? { correlationId } : {}),
    ...(denial === undefined ? {} : { denial }),
  };
}

/** Text from elsewhere goes to logs and terminals: no control characters, no line breaks, no direction marks. */
function printable(text: string): string {
  const plain = text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, ' ').slice(0, SHOWN_DETAIL);
  return plain.trim() === '' ? 'The service gave no reason.' : plain;
}
