import { DerError, TAG, constructedContextTag } from '../der.ts';
import type { DerReader } from '../der.ts';
import { readGeneralName } from './generalName.ts';
import type { GeneralName } from './generalName.ts';
import { prepareName } from './nameMatching.ts';
import type { PreparedName } from './nameMatching.ts';
import { isHost, parseMailbox, writeBits } from './nameSyntax.ts';

/**
 * One base of a constraint, ready to be compared. `host` is lower-case; that of a mailbox or URI may begin with a dot, and
 * then stands for every host below it. `local` null is any mailbox of the host. `prefix` is in binary digits.
 */
export type Subtree =
  | { readonly type: 'dns' | 'uri'; readonly host: string }
  | { readonly type: 'email'; readonly local: string | null; readonly host: string }
  | { readonly type: 'ip'; readonly bits: number; readonly prefix: string }
  | { readonly type: 'directory'; readonly prepared: PreparedName }
  | { readonly type: 'other'; readonly tag: number };

/** The name spaces that a CA is confined to (RFC 5280 section 4.2.1.10). */
export interface NameConstraints {
  readonly permitted: readonly Subtree[];
  readonly excluded: readonly Subtree[];
}

/** @throws {DerError} where the form is broken or empty, or a subtree could never match anything */
export function readNameConstraints(value: DerReader): NameConstraints {
  const sequence = value.enter(TAG.sequence);
  const permitted = readSubtrees(sequence, 0);
  const excluded = readSubtrees(sequence, 1);
  sequence.finish();
  if (permitted.length + excluded.length === 0) throw new DerError('no subtree');
  return { permitted, excluded };
}

function readSubtrees(sequence: DerReader, number: number): Subtree[] {
  if (!sequence.hasNext(constructedContextTag(number))) return [];
  const subtrees = sequence.enter(constructedContextTag(number));
  const bases: Subtree[] = [];
  do {
    // minimum is 0, and so left out, and maximum is absent: RFC 5280 allows nothing else.
    const subtree = subtrees.enter(TAG.sequence);
    const base = prepareSubtree(readGeneralName(subtree));
    subtree.finish();
    if (base === null) throw new DerError('a subtree is not in the form of its type');
    bases.push(base);
  } while (!subtrees.atEnd);
  return bases;
}

function prepareSubtree(base: GeneralName): Subtree | null {
  switch (base.type) {
    case 'dns':
      return prepareDomain(base.text.toLowerCase());
    case 'uri':
      return prepareHosts('uri', base.text.toLowerCase());
    case 'email':
      return base.text.includes('@') ? prepareMailbox(base.text) : prepareHosts('email', base.text.toLowerCase());
    case 'ip':
      return prepareNetwork(base.octets);
    case 'directory':
      return { type: 'directory', prepared: prepareName(base.name) };
    case 'other':
      return base;
  }
}

/** An empty one holds every name; a dot at its beginning is of URIs and mailboxes alone. */
function prepareDomain(host: string): Subtree | null {
  return host === '' || isHost(host) ? { type: 'dns', host } : null;
}

function prepareHosts(type: 'uri' | 'email', host: string): Subtree | null {
  if (!isHost(host.replace(/^\./, ''))) return null;
  return type === 'uri' ? { type, host } : { type, local: null, host };
}

function prepareMailbox(text: string): Subtree | null {
  const mailbox = parseMailbox(text);
  return mailbox === null ? null : { type: 'email', ...mailbox };
}

/** An address and a mask of its length (in the style of RFC 4632), the mask's ones first. */
function prepareNetwork(octets: Uint8Array): Subtree | null {
  if (octets.length !== 8 && octets.length !== 32) return null;
  const bits = octets.length * 4;
  const address = writeBits(octets.subarray(0, octets.length / 2));
  const mask = writeBits(octets.subarray(octets.length / 2));
  return /^1*0*$/.test(mask) ? { type: 'ip', bits, prefix: address.slice(0, mask.lastIndexOf('1') + 1) } : null;
}
