import { generateKeyPairSync } from 'node:crypto';
import type { IssuedCertificate } from '../../src/emulator/authority/issueCertificate.ts';
import { AT, issueCa, issueLeaf } from '../verifier/x509/pki.ts';
import type { Change } from '../verifier/x509/pki.ts';
import { runKeys } from '../support/runKeys.ts';

/** A case in x509-limbo's shape, and the code that is expected of it; null where it is accepted. */
export interface OwnCase {
  readonly id: string;
  readonly code: string | null;
  readonly json: Readonly<Record<string, unknown>>;
}

const dns = (value: string) => ({ kind: 'DNS', value });

/** Makes cases of one chain: root, issuing, leaf; each differs in what its maker says. */
export class SuiteMaker {
  readonly #cases: OwnCase[] = [];

  get cases(): readonly OwnCase[] {
    return this.#cases;
  }

  /** `json` has the last word. */
  add(id: string, code: string | null, chain: readonly (IssuedCertificate | string)[], json: object = {}): void {
    const [leaf = '', ...issuers] = chain.map((one) => (typeof one === 'string' ? one : one.pem));
    const usual = {
      id: `own::${id}`,
      validation_kind: 'SERVER',
      trusted_certs: issuers.slice(-1),
      untrusted_intermediates: issuers.slice(0, -1),
      peer_certificate: leaf,
      validation_time: new Date(AT).toISOString(),
      extended_key_usage: [],
      expected_result: code === null ? 'SUCCESS' : 'FAILURE',
      expected_peer_name: dns('leaf.example'),
      expected_peer_names: [],
    };
    this.#cases.push({ id: usual.id, code, json: { ...usual, ...json } });
  }
}

/** Every rule of the command once, and what must pass beside it. */
export async function makeOwnSuite(): Promise<readonly OwnCase[]> {
  const maker = new SuiteMaker();
  const root = await issueCa('root');
  const issuing = await issueCa('issuing', root);
  await addChains(maker, root, issuing);
  await addKeys(maker);
  await addNames(maker, root);
  await addPurposes(maker, root, issuing);
  addForms(maker, root, issuing, await issueLeaf(issuing));
  return maker.cases;
}

async function addChains(maker: SuiteMaker, root: IssuedCertificate, issuing: IssuedCertificate): Promise<void> {
  const leaf = await issueLeaf(issuing);
  maker.add('plain', null, [leaf, issuing, root]);
  maker.add('no-way-up', 'issuer_unknown', [leaf, root]);
  maker.add('long-ago', 'certificate_not_yet_valid', [leaf, issuing, root], {
    validation_time: '1999-12-31T23:59:59Z',
  });
  maker.add('too-late', 'certificate_expired', [leaf, issuing, root], { validation_time: '2099-12-31T23:59:59Z' });
  maker.add('now', null, [leaf, issuing, root], { validation_time: null });
  maker.add('depth-kept', null, [leaf, issuing, root], { max_chain_depth: 1 });
  maker.add('depth-exceeded', 'path_invalid', [leaf, issuing, root], { max_chain_depth: 0 });
  const respelt = await issueCa('issuing', root, { subject: 'CN= ISSUING ' });
  maker.add('name-spelt-otherwise', null, [leaf, respelt, root]);
  const noAuthority = await issueLeaf(issuing, { keyIdentifiers: false });
  maker.add('no-key-identifiers', 'path_invalid', [noAuthority, issuing, root]);
  const ca = await issueCa('ca', issuing, { names: [{ type: 'dns', value: 'leaf.example' }] });
  maker.add('ca-as-peer', 'path_invalid', [ca, issuing, root]);
  maker.add('ca-without-peer-name', null, [ca, issuing, root], { expected_peer_name: null });
}

async function addKeys(maker: SuiteMaker): Promise<void> {
  const keys = runKeys('own-suite');
  const chain = async (change: Change, leafChange: Change = {}) => {
    const root = await issueCa('key root', undefined, change);
    return [await issueLeaf(root, leafChange), root];
  };
  maker.add('rsa-2048', null, await chain({ keys: await keys('root', 'rsa-2048') }));
  maker.add('rsa-exponent-3', null, await chain({ keys: await keys('root', 'rsa-2048-exponent-3') }));
  maker.add('rsa-1024', 'path_invalid', await chain({ keys: await keys('root', 'rsa-1024') }));
  maker.add('p-384', null, await chain({ keys: await keys('root', 'p-384') }));
  const p521 = generateKeyPairSync('ec', { namedCurve: 'P-521' });
  maker.add('p-521', null, await chain({ keys: p521 }));
  maker.add('ed25519', 'path_invalid', await chain({ keys: await keys('root', 'ed25519') }));
  const rsa = { keys: await keys('root', 'rsa-2048') };
  maker.add('sha-1', 'path_invalid', await chain(rsa, { signatureAlgorithm: 'rsa-sha1' }));
  maker.add('pss', 'path_invalid', await chain(rsa, { signatureAlgorithm: 'rsa-pss' }));
}

async function addNames(maker: SuiteMaker, root: IssuedCertificate): Promise<void> {
  const leaf = await issueLeaf(root, {
    subject: 'CN=subject.example',
    names: [
      { type: 'dns', value: 'leaf.example' },
      { type: 'dns', value: '*.wild.example' },
      { type: 'ip', value: '192.0.2.1' },
      { type: 'email', value: 'Me@leaf.example' },
    ],
  });
  const named = (id: string, kind: string, value: string, isThere: boolean) => {
    maker.add(id, isThere ? null : 'name_mismatch', [leaf, root], { expected_peer_name: { kind, value } });
  };
  named('host', 'DNS', 'LEAF.example', true);
  named('host-below', 'DNS', 'a.leaf.example', false);
  named('host-of-the-subject', 'DNS', 'subject.example', false);
  named('wildcard', 'DNS', 'a.wild.example', true);
  named('wildcard-two-labels', 'DNS', 'a.b.wild.example', false);
  named('address', 'IP', '192.0.2.1', true);
  named('address-as-host', 'DNS', '192.0.2.1', true);
  named('other-address', 'IP', '192.0.2.2', false);
  named('mailbox', 'RFC822', 'Me@LEAF.example', true);
  named('mailbox-in-other-case', 'RFC822', 'me@leaf.example', false);
  named('kind-unknown', 'URI', 'leaf.example', false);
  maker.add('no-peer-name', null, [leaf, root], { expected_peer_name: null });
  const both = [dns('leaf.example'), { kind: 'RFC822', value: 'Me@leaf.example' }];
  maker.add('all-peer-names', null, [leaf, root], { expected_peer_name: null, expected_peer_names: both });
  maker.add('one-peer-name-missing', 'name_mismatch', [leaf, root], {
    expected_peer_names: [...both, dns('no.example')],
  });
}

async function addPurposes(maker: SuiteMaker, root: IssuedCertificate, issuing: IssuedCertificate): Promise<void> {
  const [server, client] = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.2'];
  const leaf = await issueLeaf(issuing, { extendedKeyUsage: [server] });
  const clients = await issueCa('issuing', root, { extendedKeyUsage: [client] });
  const asked = { extended_key_usage: ['serverAuth'] };
  maker.add('purpose', null, [leaf, issuing, root], asked);
  maker.add('purpose-by-number', null, [leaf, issuing, root], { extended_key_usage: [server] });
  maker.add('purpose-unknown', 'path_invalid', [leaf, issuing, root], { extended_key_usage: ['makingTea'] });
  maker.add('two-purposes', 'path_invalid', [leaf, issuing, root], {
    extended_key_usage: ['serverAuth', 'clientAuth'],
  });
  maker.add('no-purpose-in-the-leaf', 'path_invalid', [await issueLeaf(issuing), issuing, root], asked);
  maker.add('other-purpose-above', 'path_invalid', [leaf, clients, root], asked);
  maker.add('no-purpose-left', 'path_invalid', [leaf, clients, root]);
  const any = await issueLeaf(issuing, { extendedKeyUsage: ['2.5.29.37.0'] });
  maker.add('any-purpose', 'path_invalid', [any, issuing, root], asked);
}

function addForms(
  maker: SuiteMaker,
  root: IssuedCertificate,
  issuing: IssuedCertificate,
  leaf: IssuedCertificate,
): void {
  const garbage = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
  maker.add('leaf-unreadable', 'certificate_malformed', [garbage, issuing, root]);
  maker.add('leaf-no-pem', 'certificate_malformed', ['nothing', issuing, root]);
  maker.add('intermediate-unreadable', 'certificate_malformed', [leaf, garbage, root]);
  maker.add('root-unreadable', 'certificate_malformed', [leaf, issuing, garbage]);
  maker.add('unknown-words', null, [leaf, issuing, root], {
    features: ['unheard-of'],
    validation_kind: 'X',
    crls: 7,
    more: {},
  });
}
