import * as asn1js from 'asn1js';
import { constants, sign, type KeyObject } from 'node:crypto';
import * as pkijs from 'pkijs';

/** SHA-256, MGF1 with SHA-256, 32 octets of salt (RFC 4055 section 3.1). */
const PSS_PARAMETERS =
  '3034a00f300d06096086480165030402010500a11c301a06092a864886f70d010108300d06096086480165030402010500a203020120';

interface SignatureAlgorithm {
  readonly oid: string;
  readonly parameters: 'null' | 'absent' | 'pss';
  /** node:crypto's name of the digest; `null` where the algorithm brings its own. */
  readonly digest: string | null;
}

/** Everything that certificates and documents can be signed with; the verifier takes RSA with SHA-256 and stronger only. */
const SIGNATURE_ALGORITHMS = {
  'rsa-md5': { oid: '1.2.840.113549.1.1.4', parameters: 'null', digest: 'md5' },
  'rsa-sha1': { oid: '1.2.840.113549.1.1.5', parameters: 'null', digest: 'sha1' },
  'rsa-sha256': { oid: '1.2.840.113549.1.1.11', parameters: 'null', digest: 'sha256' },
  'rsa-sha384': { oid: '1.2.840.113549.1.1.12', parameters: 'null', digest: 'sha384' },
  'rsa-sha512': { oid: '1.2.840.113549.1.1.13', parameters: 'null', digest: 'sha512' },
  'rsa-pss': { oid: '1.2.840.113549.1.1.10', parameters: 'pss', digest: 'sha256' },
  'ecdsa-sha256': { oid: '1.2.840.10045.4.3.2', parameters: 'absent', digest: 'sha256' },
  'ecdsa-sha384': { oid: '1.2.840.10045.4.3.3', parameters: 'absent', digest: 'sha384' },
  ed25519: { oid: '1.3.101.112', parameters: 'absent', digest: null },
} as const satisfies Record<string, SignatureAlgorithm>;

export type SignatureAlgorithmName = keyof typeof SIGNATURE_ALGORITHMS;

/** An AlgorithmIdentifier; Azure writes NULL as the parameters of every one of its own. */
export function algorithmIdentifier(
  oid: string,
  parameters: SignatureAlgorithm['parameters'] = 'null',
): pkijs.AlgorithmIdentifier {
  if (parameters === 'absent') return new pkijs.AlgorithmIdentifier({ algorithmId: oid });
  const value = parameters === 'null' ? new asn1js.Null() : asn1js.fromBER(Buffer.from(PSS_PARAMETERS, 'hex')).result;
  return new pkijs.AlgorithmIdentifier({ algorithmId: oid, algorithmParams: value });
}

export function signatureAlgorithmIdentifier(name: SignatureAlgorithmName): pkijs.AlgorithmIdentifier {
  const { oid, parameters } = SIGNATURE_ALGORITHMS[name];
  return algorithmIdentifier(oid, parameters);
}

/** The signature over the octets, as node:crypto makes it. Throws where key and algorithm do not fit. */
export function signOctets(name: SignatureAlgorithmName, octets: Uint8Array, key: KeyObject): Uint8Array<ArrayBuffer> {
  const { digest, parameters } = SIGNATURE_ALGORITHMS[name];
  const pss = { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 };
  return new Uint8Array(sign(digest, octets, parameters === 'pss' ? { key, ...pss } : key));
}

/** What a CA with such a key signs certificates with: sha384RSA, as Azure's do since 2022. */
export function defaultSignatureAlgorithm(key: KeyObject): SignatureAlgorithmName {
  if (key.asymmetricKeyType === 'ed25519') return 'ed25519';
  if (key.asymmetricKeyType !== 'ec') return 'rsa-sha384';
  return key.asymmetricKeyDetails?.namedCurve === 'secp384r1' ? 'ecdsa-sha384' : 'ecdsa-sha256';
}
