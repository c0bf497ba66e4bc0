const FROM_FILE = 'set it from the file, such as: az keyvault secret set --vault-name VAULT --name SECRET --file FILE';
const NO_OTHER = `Do not make another key: ${FROM_FILE}`;

const GIVE_PRIVATE = 'Give the file with the private key, which openssl genpkey or countersign keys create-root wrote';
const CONVERT = 'openssl pkcs8 -topk8 -nocrypt -in FILE -out key.pem';

/** PEMs of another kind. */
const LABELS: readonly (readonly [label: RegExp, fault: string])[] = [
  [/^EC (?:PRIVATE KEY|PARAMETERS)$/, `is SEC1, not PKCS#8. Convert it: ${CONVERT}`],
  [/^ENCRYPTED PRIVATE KEY$/, `is encrypted. Decrypt it: ${CONVERT}`],
  [/^OPENSSH PRIVATE KEY$/, 'is in the format of OpenSSH. Convert it: ssh-keygen -p -m PKCS8 -f FILE'],
  [/^RSA PRIVATE KEY$/, 'is an RSA key, not one on curve P-256. Check which key was meant'],
  [/PUBLIC KEY$/, `has no private half: it is a public key. ${GIVE_PRIVATE}`],
  [/CERTIFICATE/, `is a certificate. ${GIVE_PRIVATE}`],
];

/** In the order in which they are looked for. */
const DAMAGE: readonly (readonly [form: RegExp, what: string])[] = [
  [/^["'][\s\\]*[-{]/, 'stands in quotation marks'],
  [/^(?:ï»¿|ÿþ|þÿ)/, 'has a byte order mark that was read in another encoding'],
  [/^-----BEGIN [A-Z ]+-----(?:\\r)?\\n/, String.raw`has its line ends written as "\n"`],
  [/^-----BEGIN [A-Z ]+-----[ \t]+\S/, 'has blanks where its line ends were'],
  [/^-----BEGIN [A-Z ]+-----\S/, 'has lost its line ends'],
  [/^[\u2010-\u2015\u2212]/, 'has other dashes than "-"'],
  [/^(?!-----BEGIN )[-A-Z ]*KEY-----\s|^-----BEGIN [A-Z ]+-{0,4}[\r\n]/, 'has lost a part of its first line'],
  // In UTF-8 and UTF-16, with a byte order mark and without: "-----BEGIN", and what JSON begins with.
  [
    /^(?:77u\/)?LS0tLS1CRUdJTi|^LQAtAC0A|^\/\/4tAC0A|^(?:77u\/)?(?:eyJ|eyAi|ewo|ew0K)/,
    'is written in base64 once more',
  ],
  [/^MI[A-Za-z0-9+/]/, 'has lost its first line, "-----BEGIN PRIVATE KEY-----"'],
  [/^(?!-----BEGIN )[^]+-----BEGIN [A-Z ]+-----/, 'has other text before its first line'],
  [/^\{\s*\\+"/, 'has backslashes before its quotation marks'],
  [/^\{\s*[A-Za-z']/, 'has lost its quotation marks'],
];

const REFERENCE = /^["'\s]*@Microsoft\.(?:KeyVault|AppConfiguration)\(/i;

/**
 * Why a key's text cannot be used, where its own text tells: damage on its way into a setting, or something else than a
 * private key. It may be the right key, so that nobody should make another one.
 *
 * @param text trimmed
 * @returns what goes on after "The signing key", without any part of the text; null where nothing can be told
 */
export function findKeyFault(text: string): string | null {
  if (REFERENCE.test(text)) {
    return 'is a reference to a secret, which only a setting of the app can be. Write the key itself into the file';
  }
  const damage = DAMAGE.find(([form]) => form.test(text));
  if (damage !== undefined) return `${damage[1]}. ${NO_OTHER}`;
  return text.startsWith('{') ? findJsonFault(text) : findPemFault(text);
}

function findPemFault(text: string): string | null {
  const [, label] = /^-----BEGIN ([A-Z ]+)-----/.exec(text) ?? [];
  if (label === undefined) return null;
  const other = LABELS.find(([known]) => known.test(label));
  if (other !== undefined) return other[1];
  return text.includes(`-----END ${label}-----`) ? null : `is cut: its last line is missing. ${NO_OTHER}`;
}

function findJsonFault(text: string): string | null {
  const jwk = parseJson(text);
  if (jwk === null) return `is not complete JSON. ${NO_OTHER}`;
  return 'kty' in jwk && !('d' in jwk) ? `has no private half: it is a public JWK. ${GIVE_PRIVATE}` : null;
}

/** The text begins with a brace, so what it has is an object. */
function parseJson(text: string): object | null {
  try {
    return JSON.parse(text) as object;
  } catch {
    return null;
  }
}

/** What is said of a PEM that has the form of a key, and is none. */
export const UNREADABLE_PEM = `cannot be read: a part of it is missing or changed. ${NO_OTHER}`;

/** What is said of text beside one or two keys that is no key. */
export const OTHER_TEXT = `has other text beside it. ${NO_OTHER}`;
