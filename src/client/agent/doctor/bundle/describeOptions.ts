import { asObject, textMember } from '../../../members.ts';
import type { JsonObject } from '../../../members.ts';
import type { Configuration } from '../../settings/configuration.ts';

/** Options that are no secret, as they are. Every other one is told as being set. */
const PLAIN = ['issuer', 'product', 'offer', 'folder', 'label', 'client', 'patienceMs', 'once', 'imdsUrl'];

export function describeOptions({ group, log, options, releaseOnTerminate, runFolder }: Configuration): object {
  return {
    ...Object.fromEntries(Object.entries(options).map(([name, value]) => [name, describe(name, value)])),
    ...{ group: group ?? null, log, releaseOnTerminate, runFolder },
  };
}

function describe(name: string, value: unknown): unknown {
  if (PLAIN.includes(name)) return value;
  if (name === 'trust') return describeTrust(value);
  if (name === 'proxy') return describeProxy(value);
  return '(set)';
}

/** Thumbprints are public; keys are, where they are what they should be. */
function describeTrust(value: unknown): unknown {
  const { rootKeys } = asObject(value) ?? {};
  if (value === 'first-use') return value;
  return Array.isArray(rootKeys) ? { rootKeys } : '(set)';
}

function describeProxy(value: unknown): string {
  return typeof value === 'string' && URL.canParse(value) ? new URL(value).origin : '(set)';
}

/** What must not stand in a bundle, however it came there. */
export function secretsOf({ options }: Configuration): readonly string[] {
  const claim = textMember(options, 'claim', 256);
  return [...(claim === undefined ? [] : [claim.trim()]), ...ofProxy(options)].filter((secret) => secret.length > 3);
}

/** User and password, as they stand there and as they are meant; of a text that is no URL what stands before its `@`. */
function ofProxy(options: JsonObject): readonly string[] {
  const proxy = textMember(options, 'proxy', 2048) ?? '';
  const user = /^(?:[a-z]+:\/\/)?(.*)@/i.exec(proxy)?.[1] ?? '';
  const parts = [user, ...user.split(':')];
  return parts.flatMap((part) => [part, decode(part)]);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
