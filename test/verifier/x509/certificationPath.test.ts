import { hash } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import { issueCertificate } from '../../../src/emulator/authority/issueCertificate.ts';
import type { IssuedCertificate } from '../../../src/emulator/authority/issueCertificate.ts';
import { parseCertificate } from '../../../src/verifier/x509/certificate.ts';
import type { Certificate } from '../../../src/verifier/x509/certificate.ts';
import {
  CANDIDATES,
  SIGNATURE_CHECKS,
  findCaFailure,
  findLongestPath,
  findPath,
  listPaths,
} from '../../../src/verifier/x509/certificationPath.ts';
import { TrustedCertificates } from '../../../src/verifier/x509/trustedCertificates.ts';
import { AT, NOT_AFTER, NOT_BEFORE, issueCa, issueLeaf, keyOf, parseIssued, rules, search, tell } from './pki.ts';
import type { Change } from './pki.ts';
import { dnsName, sequence, tlv } from './writeDer.ts';

let root: IssuedCertificate;
let issuing: IssuedCertificate;
let leaf: IssuedCertificate;

beforeAll(async () => {
  root = await issueCa('root');
  issuing = await issueCa('issuing', root, { basicConstraints: { ca: true, pathLength: 0 } });
  leaf = await issueLeaf(issuing);
});

const sha256 = ({ der }: IssuedCertificate) => hash('sha256', der);
const permitted = (host: string) => sequence(tlv(0xa0, sequence(dnsName(host))));
const constraints = (value: Uint8Array<ArrayBuffer>) => ({ oid: '2.5.29.30', critical: true, value });
const confinedTo = (host: string): Change => ({ moreExtensions: [constraints(new Uint8Array(permitted(host)))] });

test('a path leads from the leaf to an anchor, and holds as long as all of it does', async () => {
  const short = await issueCa('issuing', root, { notBefore: AT - 1000, notAfter: AT + 5000 });
  const result = search(leaf, { anchors: [root], intermediates: [short] });
  expect(tell(result)).toBe('leaf.example < issuing < root');
  expect(result).toMatchObject({ path: { notBefore: AT - 1000, notAfter: AT + 5000 } });
});

test('an anchor may issue leaves itself where that is allowed', async () => {
  const direct = await issueLeaf(root);
  expect(tell(search(direct, { anchors: [root] }))).toBe('leaf.example < root');
  expect(tell(search(direct, { anchors: [root], rules: { allowsDirectIssue: false } }))).toBe(
    'path_invalid: a root issued the leaf itself: the issuer must be pinned as an issuing CA',
  );
});

test('a cross-certificate and the own root both count', async () => {
  const second = await issueCa('second root');
  const cross = await issueCa('root', second);
  expect(tell(search(leaf, { anchors: [second], intermediates: [issuing, cross] }))).toBe(
    'leaf.example < issuing < root < second root',
  );
  expect(tell(search(leaf, { anchors: [second, root], intermediates: [cross, issuing] }))).toBe(
    'leaf.example < issuing < root',
  );
  const expired = await issueCa('root', undefined, { notAfter: AT - 1000 });
  expect(tell(search(leaf, { anchors: [expired, second], intermediates: [cross, issuing] }))).toContain(
    'root < second root',
  );
});

test('the cross-certificate of a root is a step of a path, and the issuer of no leaf where issuing CAs are pinned', async () => {
  const second = await issueCa('second root');
  const cross = await issueCa('root', second);
  const direct = await issueLeaf(root);
  const rootKeys = new Set([parseIssued(root).spkiSha256]);
  const pinned = { rules: { allowsDirectIssue: false } };
  const refusal = 'path_invalid: a root issued the leaf itself: the issuer must be pinned as an issuing CA';
  // Whether the root is at hand as an anchor, or known by its key alone.
  const roots = [{ anchors: [root, second] }, { anchors: [second], rootKeys }];
  for (const trusted of roots) {
    expect(tell(search(direct, { ...pinned, ...trusted, intermediates: [cross] }))).toBe(refusal);
    expect(tell(search(leaf, { ...pinned, ...trusted, intermediates: [cross, issuing] }))).toContain('issuing < root');
  }
  expect(tell(search(direct, { anchors: [second], intermediates: [cross], rootKeys }))).toBe(
    'leaf.example < root < second root',
  );
});

test('an issuer of the name that has another key is not known', async () => {
  const impostor = await issueCa('issuing', root, { keys: await keyOf('impostor') });
  expect(tell(search(leaf, { anchors: [root], intermediates: [impostor] }))).toBe(
    'issuer_unknown: no trusted CA has the name of the issuer',
  );
  expect(tell(search(leaf, { anchors: [root], intermediates: [impostor, issuing] }))).toBe(
    'leaf.example < issuing < root',
  );
});

test('a signature that does not verify under the key that is named', async () => {
  const spoilt = await issueLeaf(issuing, {
    changeSigned: ({ signatureValue }) => {
      signatureValue.valueBlock.valueHexView.fill(1, 8, 12);
    },
  });
  expect(tell(search(spoilt, { anchors: [root], intermediates: [issuing] }))).toBe(
    'path_invalid: the signature does not verify with the issuer’s key',
  );
});

test('two CAs that issue each other lead nowhere', async () => {
  const a = await issueCa('a', { ...issuing, subject: 'CN=b', keys: await keyOf('b') });
  const b = await issueCa('b', a);
  const below = await issueLeaf(a);
  expect(tell(search(below, { anchors: [root], intermediates: [a, b] }))).toContain('issuer_unknown');
});

test('a CA of its own name and key twice is a loop', async () => {
  const again = await issueCa('issuing', issuing);
  expect(tell(search(leaf, { anchors: [root], intermediates: [again] }))).toContain('issuer_unknown');
  expect(tell(search(leaf, { anchors: [root], intermediates: [again, issuing] }))).toBe(
    'leaf.example < issuing < root',
  );
});

test('intermediates are counted, self-issued ones are not', async () => {
  const rolled = await issueCa('issuing', issuing, { keys: await keyOf('issuing, new'), subject: 'CN=issuing' });
  const below = await issueLeaf(rolled);
  const upper = await issueCa('upper', root);
  const lower = await issueCa('issuing', upper);
  const of = (maximumIntermediates: number) =>
    tell(search(below, { anchors: [root], intermediates: [rolled, lower, upper], rules: { maximumIntermediates } }));
  expect(of(2)).toBe('leaf.example < issuing < issuing < upper < root');
  expect(of(1)).toBe('path_invalid: too many intermediates');
});

test.each([
  ['certificate_expired: the leaf', { notAfter: AT - 1000 }],
  ['certificate_not_yet_valid: the leaf', { notBefore: AT + 1000 }],
] as const)('%s', async (expected, change) => {
  const other = await issueLeaf(issuing, change);
  expect(tell(search(other, { anchors: [root], intermediates: [issuing] }))).toBe(expected);
});

test('both ends of the validity belong to it, and the last second whole', () => {
  const at = (time: number) => tell(search(leaf, { anchors: [root], intermediates: [issuing], at: time })).slice(0, 12);
  expect([NOT_BEFORE - 1, NOT_BEFORE, NOT_AFTER + 999, NOT_AFTER + 1000].map(at)).toEqual([
    'certificate_',
    'leaf.example',
    'leaf.example',
    'certificate_',
  ]);
});

test('an expired issuer is told by its name', async () => {
  const expired = await issueCa('issuing', root, { notAfter: AT - 1000 });
  expect(tell(search(leaf, { anchors: [root], intermediates: [expired] }))).toBe('certificate_expired: issuing');
  const nameless = await issueCa('issuing', root, { subject: 'O=nameless', notAfter: AT - 1000 });
  const below = await issueLeaf(nameless);
  expect(tell(search(below, { anchors: [root], intermediates: [nameless] }))).toBe('certificate_expired: an issuer');
});

test('the caller’s rule for the leaf, its fault, the issuer’s fault', async () => {
  const trusted = { anchors: [root], intermediates: [issuing] };
  expect(tell(search(leaf, { ...trusted, rules: { findLeafFault: () => 'not this one' } }))).toBe(
    'path_invalid: not this one',
  );
  const faulty = await issueLeaf(issuing, { names: [{ type: 'dns', value: 'a b' }] });
  expect(tell(search(faulty, trusted))).toContain('path_invalid: an alternative name');
  const noCa = await issueCa('issuing', root, { basicConstraints: { ca: false }, keyUsage: ['digitalSignature'] });
  expect(tell(search(leaf, { anchors: [root], intermediates: [noCa] }))).toContain(
    'path_invalid: an issuer is not a CA',
  );
});

test('distrust beats everything, by certificate and by key, on the leaf and above', () => {
  const trusted = { anchors: [root], intermediates: [issuing] };
  const distrusting = (digest: string) => tell(search(leaf, { ...trusted, distrusted: new Set([digest]) }));
  expect(distrusting(sha256(leaf))).toBe('certificate_distrusted: the leaf is distrusted');
  expect(distrusting(parseIssued(leaf).spkiSha256)).toBe('certificate_distrusted: the leaf is distrusted');
  expect(distrusting(sha256(issuing))).toBe('certificate_distrusted: issuing');
  expect(distrusting(parseIssued(root).spkiSha256)).toBe('certificate_distrusted: root');
});

test('a pin without its certificate is told, unless a path is found all the same', () => {
  const missing = [{ commonName: 'issuing', sha256: 'ab' }];
  expect(tell(search(leaf, { anchors: [root], missing }))).toBe('issuer_certificate_missing: issuing, SHA-256 ab');
  expect(tell(search(leaf, { anchors: [root], intermediates: [issuing], missing }))).toBe(
    'leaf.example < issuing < root',
  );
});

test('a self-issued CA does not count against the path length of what is above it', async () => {
  const top = await issueCa('narrow root', undefined, { basicConstraints: { ca: true, pathLength: 0 } });
  const rolledOver = await issueCa('narrow root', top, { keys: await keyOf('new key of the narrow root') });
  const below = await issueCa('too deep', top);
  const trusted = new TrustedCertificates({
    anchors: [parseIssued(top)],
    intermediates: [parseIssued(rolledOver), parseIssued(below)],
  });
  const find = (ca: IssuedCertificate) => tell(findLongestPath(parseIssued(ca), { trusted, rules: rules(), at: AT }));
  expect(find(rolledOver)).toBe('narrow root < narrow root');
  expect(find(below)).toContain('path_invalid: a path length is exceeded');
});

test('a forgery in the name of a CA that lacks one of its forms is a forgery, not a missing certificate', async () => {
  const missing = [{ commonName: 'issuing', sha256: 'ab' }];
  const stranger = await issueCa('issuing', await issueCa('another root'), { keys: await keyOf('stranger') });
  const forged = await issueLeaf(stranger);
  expect(tell(search(forged, { anchors: [root], intermediates: [issuing], missing }))).toContain('issuer_unknown');
});

test('of several failures the one that says most is told, whatever the order', async () => {
  const expired = await issueCa('issuing', root, { notAfter: AT - 1000 });
  const noCa = await issueCa('issuing', root, { basicConstraints: { ca: false }, keyUsage: ['digitalSignature'] });
  for (const intermediates of [
    [expired, noCa],
    [noCa, expired],
  ]) {
    expect(tell(search(leaf, { anchors: [root], intermediates }))).toBe('certificate_expired: issuing');
  }
});

test('name constraints hold for all that is below, from the anchor on', async () => {
  const outside = 'path_invalid: a name is outside the permitted ones (RFC 5280 section 6.1.3)';
  const confined = await issueCa('issuing', root, confinedTo('other.example'));
  expect(tell(search(leaf, { anchors: [root], intermediates: [confined] }))).toBe(outside);
  const anchor = await issueCa('root', undefined, confinedTo('other.example'));
  expect(tell(search(leaf, { anchors: [anchor], intermediates: [issuing] }))).toBe(outside);
  const fitting = await issueCa('issuing', root, confinedTo('leaf.example'));
  expect(tell(search(leaf, { anchors: [root], intermediates: [fitting] }))).toBe('leaf.example < issuing < root');
  expect(tell(search(leaf, { anchors: [root], intermediates: [confined, issuing] }))).toBe(
    'leaf.example < issuing < root',
  );
});

test('a leaf without alternative names has its subject alone', async () => {
  const confined = await issueCa('issuing', root, confinedTo('other.example'));
  const nameless = await issueCertificate({ ...(await describeLeaf()), issuer: confined });
  expect(tell(search(nameless, { anchors: [root], intermediates: [confined] }))).toBe('plain < issuing < root');
});

async function describeLeaf() {
  return { subject: 'CN=plain', keys: await keyOf('leaf'), notBefore: NOT_BEFORE, notAfter: NOT_AFTER };
}

test('a self-issued intermediate is free of name constraints, a self-issued leaf is not', async () => {
  const names = [{ type: 'dns', value: 'elsewhere.example' }] as const;
  const confined = await issueCa('issuing', root, confinedTo('leaf.example'));
  const rolled = await issueCa('issuing', confined, { keys: await keyOf('rolled'), names });
  const trusted = { anchors: [root], intermediates: [rolled, confined] };
  expect(tell(search(await issueLeaf(rolled), trusted))).toBe('leaf.example < issuing < issuing < root');
  const own = await issueLeaf(confined, { subject: 'CN=issuing', names });
  expect(tell(search(own, trusted))).toContain('a name is outside the permitted ones');
  const other = await issueCa('other', confined, { names });
  const below = await issueLeaf(other);
  expect(tell(search(below, { anchors: [root], intermediates: [other, confined] }))).toContain('a name is outside');
});

test('purposes confine each other along the path', async () => {
  const [serverAuth, emailProtection] = ['1.3.6.1.5.5.7.3.1', '1.3.6.1.5.5.7.3.4'];
  const mail = await issueCa('issuing', root, { extendedKeyUsage: [emailProtection] });
  const server = await issueLeaf(issuing, { extendedKeyUsage: [serverAuth] });
  expect(tell(search(server, { anchors: [root], intermediates: [mail] }))).toBe(
    'path_invalid: the extended key usages on the path leave no purpose',
  );
  expect(tell(search(leaf, { anchors: [root], intermediates: [mail], rules: { purposes: [serverAuth] } }))).toBe(
    'path_invalid: an extended key usage on the path does not allow the purpose',
  );
  expect(tell(search(server, { anchors: [root], intermediates: [mail, issuing] }))).toBe(
    'leaf.example < issuing < root',
  );
});

test('the budget of signatures: webpki’s hundred', async () => {
  const decoy = await issueCa('decoy', root);
  const look = await Promise.all(
    Array.from({ length: SIGNATURE_CHECKS }, async (_, index) =>
      issueCa('issuing', root, { keys: decoy.keys, keyIdentifiers: false, serial: (0x1000 + index).toString(16) }),
    ),
  );
  const free = { requiresKeyIdentifiers: false };
  const bare = await issueLeaf(issuing, { keyIdentifiers: false });
  const found = search(bare, { anchors: [root], intermediates: [...look.slice(2), issuing], rules: free });
  expect(tell(found)).toBe('leaf.example < issuing < root');
  const exhausted = search(bare, { anchors: [root], intermediates: [...look, issuing], rules: free });
  expect(exhausted.found).toBe(false);
  expect(SIGNATURE_CHECKS).toBe(100);
});

test('the budget of candidates', async () => {
  const expired = parseIssued(await issueCa('issuing', root, { notAfter: AT - 1000 }));
  const bare = parseIssued(await issueLeaf(issuing, { keyIdentifiers: false }));
  const anchors = [parseIssued(root)];
  const isFoundAmong = (count: number): boolean => {
    const intermediates = [...Array<Certificate>(count).fill(expired), parseIssued(issuing)];
    const trusted = new TrustedCertificates({ anchors, intermediates });
    return findPath(bare, { trusted, rules: rules({ requiresKeyIdentifiers: false }), at: AT }).found;
  };
  // The two others are the issuing CA and the root.
  expect([CANDIDATES - 2, CANDIDATES - 1].map(isFoundAmong)).toEqual([true, false]);
  expect(CANDIDATES).toBe(10_000);
});

test('names are compared by their octets, or as RFC 5280 prepares them', async () => {
  const spelt = await issueCa('issuing', root, { subject: 'CN=ISSUING' });
  expect(tell(search(leaf, { anchors: [root], intermediates: [spelt] }))).toContain('issuer_unknown');
  const prepared = search(leaf, { anchors: [root], intermediates: [spelt], rules: { nameMatching: 'prepared' } });
  expect(tell(prepared)).toBe('leaf.example < ISSUING < root');
});

test('no bit of a leaf can be flipped: it is not read, or leads nowhere', () => {
  const trusted = new TrustedCertificates({ anchors: [parseIssued(root)], intermediates: [parseIssued(issuing)] });
  const outcomes = new Set<string>();
  for (let bit = 0; bit < leaf.der.length * 8; bit++) {
    const damaged = Buffer.from(leaf.der);
    damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    outcomes.add(outcomeOf(damaged, trusted));
  }
  expect([...outcomes].sort()).toEqual([
    'DerError',
    'certificate_expired',
    'certificate_not_yet_valid',
    'issuer_unknown',
    'path_invalid',
  ]);
});

function outcomeOf(der: Uint8Array, trusted: TrustedCertificates): string {
  try {
    const result = findPath(parseCertificate(der), { trusted, rules: rules(), at: AT });
    return result.found ? 'accepted' : result.failure.code;
  } catch (error) {
    return error instanceof Error ? error.name : 'thrown';
  }
}

/** The same search, for a CA at the lower end. */
function searchAbove(ca: IssuedCertificate, anchors: readonly IssuedCertificate[], intermediates: IssuedCertificate[]) {
  return findLongestPath(parseIssued(ca), optionsOf(anchors, intermediates));
}

function optionsOf(anchors: readonly IssuedCertificate[], intermediates: readonly IssuedCertificate[]) {
  const trusted = new TrustedCertificates({
    anchors: anchors.map(parseIssued),
    intermediates: intermediates.map(parseIssued),
  });
  return { trusted, rules: rules(), at: AT };
}

test('of a CA’s paths the one that stays valid longest is found', async () => {
  const brief = await issueCa('root', undefined, { notAfter: AT + 1000 });
  const second = await issueCa('second root');
  const cross = await issueCa('root', second, { notAfter: AT + 2000 });
  expect(tell(searchAbove(issuing, [brief, second], [cross]))).toBe('issuing < root < second root');
  expect(searchAbove(issuing, [brief, second], [cross])).toMatchObject({ path: { notAfter: AT + 2000 } });
  expect(tell(searchAbove(issuing, [brief, root, second], [cross]))).toBe('issuing < root');
});

test('all of a CA’s paths are listed, and none where there is none', async () => {
  const second = await issueCa('second root');
  const cross = await issueCa('root', second);
  const list = (anchors: readonly IssuedCertificate[]) =>
    listPaths(parseIssued(issuing), optionsOf(anchors, [cross])).map((path) => tell({ found: true, path }));
  expect(list([root, second]).toSorted()).toEqual(['issuing < root', 'issuing < root < second root']);
  expect(list([second])).toEqual(['issuing < root < second root']);
  expect(list([])).toEqual([]);
});

test('a CA is judged as one between a leaf and an anchor: its own faults, and then its path', async () => {
  const stranger = await issueCa('stranger', await issueCa('another root'));
  expect(tell(searchAbove(stranger, [root], []))).toContain('issuer_unknown');
  expect(tell(searchAbove(leaf, [root], [issuing]))).toContain('path_invalid: an issuer is not a CA');
  const expired = await issueCa('issuing', root, { notAfter: AT - 1000 });
  expect(tell(searchAbove(expired, [root], []))).toBe('certificate_expired: issuing');
  const below = await issueCa('below', issuing);
  expect(tell(searchAbove(below, [root], [issuing]))).toBe(
    'path_invalid: a path length is exceeded (RFC 5280 section 6.1.4 (m))',
  );
});

test('name constraints hold for the names of a CA, and leave what they allow to leaves open', async () => {
  const anchor = await issueCa('root', undefined, confinedTo('other.example'));
  expect(tell(searchAbove(issuing, [anchor], []))).toBe('issuing < root');
  const named = await issueCa('issuing', root, { names: [{ type: 'dns', value: 'leaf.example' }] });
  expect(tell(searchAbove(named, [anchor], []))).toContain('a name is outside the permitted ones');
});

test('a CA’s own faults are told without a path', async () => {
  const trusted = new TrustedCertificates({ anchors: [], intermediates: [] });
  const failureOf = (ca: IssuedCertificate, isAnchor: boolean) =>
    findCaFailure(parseIssued(ca), isAnchor, { trusted, rules: rules(), at: AT })?.code ?? null;
  expect([failureOf(root, true), failureOf(issuing, false), failureOf(leaf, false)]).toEqual([
    null,
    null,
    'path_invalid',
  ]);
  expect(failureOf(await issueCa('root', undefined, { notBefore: AT + 1000 }), true)).toBe('certificate_not_yet_valid');
});
