const FROM_FILE = 'set it from the file, such as: az keyvault secret set --vault-name VAULT --name SECRET --file FILE';

const LABELS: readonly (readonly [label: RegExp, fault: string])[] = [
  [/^EC PRIVATE KEY$/, 'is SEC1, not PKCS#8. Convert it: openssl pkcs8 -topk8 -nocrypt'],
  [/^ENCRYPTED PRIVATE KEY$/, 'is encrypted. Decrypt it: openssl pkcs8 -topk8 -nocrypt'],
  [/^RSA PRIVATE KEY$/, 'is an RSA key, not one on curve P-256. Check which key was meant'],
  [
    /^PUBLIC KEY$/,
    'has no private half: it is a public key. Give the file that openssl genpkey wrote, with the private key',
  ],
  [/^CERTIFICATE$/, 'is a certificate. Give the file that openssl genpkey wrote, with the private key'],
];

/** In the order in which they are looked for. */
const DAMAGE: readonly (readonly [form: RegExp, what: string])[] = [
  [/^["']\s*[-{]/, 'stands in quotation marks'],
  [/^-----BEGIN [A-Z ]+-----(?:\\r)?\\n/, String.raw`has its line ends written as "\n"`],
  [/^-----BEGIN [A-Z ]+-----[ \t]+\S/, 'has blanks where its line ends were'],
  [/^-----BEGIN [A-Z ]+-----\S/, 'has lost its line ends'],
  [/^LS0tLS1CRUdJTi/, 'is written in base64 once more'],
  [/^MI[A-Za-z0-9+/]/, 'has lost its first line, "-----BEGIN PRIVATE KEY-----"'],
];

/**
 * Why a key's text cannot be used, where its own text tells: damage on its way into a setting, or another kind of PEM. It may
 * be the right key, so that nobody should make another one.
 *
 * @param text trimmed
 * @returns what goes on after "The signing key"; null where the PEM is in order, or the text none
 */
export function findPemFault(text: string): string | null {
  const damage = DAMAGE.find(([form]) => form.test(text));
  if (damage !== undefined) return `${damage[1]}. Do not make another key: ${FROM_FILE}`;
  const [, label] = /^-----BEGIN ([A-Z ]+)-----/.exec(text) ?? [];
  if (label === undefined) return null;
  const other = LABELS.find(([known]) => known.test(label));
  if (other !== undefined) return other[1];
  return text.includes(`-----END ${label}-----`)
    ? null
    : `is cut: its last line is missing. Do not make another key: ${FROM_FILE}`;
}
