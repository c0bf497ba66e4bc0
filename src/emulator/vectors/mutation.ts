import type { CheckName } from '../../contract/attestation.ts';
import type { LeafChange } from '../authority/authority.ts';
import type { BerForm } from '../documents/berForms.ts';
import { rewriteElement } from '../documents/der.ts';
import type { DocumentContent } from '../documents/documentContent.ts';
import type { DocumentChange } from '../documents/documentChanges.ts';
import type { DocumentDescription } from '../documents/signDocument.ts';
import type { TrustedCertificatesInput } from '../../verifier/x509/trustedCertificates.ts';
import type { Attack } from './attacks.ts';
import type { Offer, Scene } from './scene.ts';
import type { Feature } from './vectorFile.ts';

/** One change to a document that is accepted, or to what it is judged by; and the check that must notice it. */
export interface Mutation {
  /** What was changed; one of its kind. */
  readonly name: string;
  readonly check: CheckName;
  /** The attack or accident that it is an example of, where it is one that has broken somebody. */
  readonly attack?: Attack;
  /** What a verifier must know of to notice it, where neither the code nor the pins of the offer tell. */
  readonly feature?: Feature;
  readonly offer: (scene: Scene) => Offer | Promise<Offer>;
}

type Make = Mutation['offer'];
type Awaitable<T> = T | Promise<T>;

/** The document made again, otherwise. */
export function remade(
  describe: Partial<DocumentDescription> | ((scene: Scene) => Awaitable<Partial<DocumentDescription>>),
): Make {
  return async (scene) => {
    const description = typeof describe === 'function' ? await describe(scene) : describe;
    return { evidence: scene.make(description) };
  };
}

/** The document changed after it was signed. */
export function changed(change: DocumentChange): Make {
  return remade({ change });
}

/** The document's octets changed. */
export function formed(form: BerForm): Make {
  return ({ genuine }) => ({ evidence: form(genuine) });
}

/** One element of the document changed, and the lengths around it adjusted. */
export function rewritten(path: readonly number[], change: (element: Uint8Array) => Uint8Array): Make {
  return formed((document) => rewriteElement(document, path, change));
}

/** The document signed by another leaf of the pinned authority. */
export function signedBy(change: LeafChange | ((scene: Scene) => Awaitable<LeafChange>)): Make {
  return remade(async (scene) => {
    const stated = typeof change === 'function' ? await change(scene) : change;
    return { leaf: await scene.authority.issueLeaf(stated) };
  });
}

/** Other content, signed by the leaf itself. */
export function saying(change: (content: DocumentContent) => object | string | Uint8Array): Make {
  return remade(({ content }) => ({ content: change(content) }));
}

/** The genuine document under other pins. */
export function pinned(change: (scene: Scene) => Awaitable<Partial<TrustedCertificatesInput>>): Make {
  return async (scene) => ({ pins: await change(scene) });
}
