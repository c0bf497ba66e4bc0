import { SigningKeyError } from '../tokens/localSigner.ts';
import { createLocalRoot, MAX_ROOTS, splitRootKeys } from '../tokens/rootKey.ts';
import { SettingFileError, readSettingFile } from '../trust/settingFile.ts';

/** Where the root keys are that sign key sets: one or two, of which the first is asked for most. */
export type RootSource =
  /** On a loopback issuer alone. */
  | { readonly kind: 'none' }
  /** Private keys: a PKCS#8 PEM or the JSON of a private JWK each. */
  | { readonly kind: 'setting'; readonly keys: readonly string[]; readonly thumbprints: readonly string[] }
  | { readonly kind: 'vault'; readonly keyUrls: readonly string[] }
  /** Kept offline: administrators upload what they have signed. */
  | { readonly kind: 'upload'; readonly thumbprints: readonly string[] };

/** The settings as they were given; an empty one is absent. Lists are parsed. */
export interface RootSettings {
  readonly ROOT_KEY?: string | undefined;
  readonly ROOT_KEY_FILE?: string | undefined;
  readonly ROOT_KEY_URL?: readonly string[] | undefined;
  readonly ROOT_THUMBPRINTS?: readonly string[] | undefined;
}

const NAMES = ['ROOT_KEY', 'ROOT_KEY_FILE', 'ROOT_KEY_URL', 'ROOT_THUMBPRINTS'] as const;

const MISSING =
  'a root key is missing, which only a service on a loopback ISSUER may do without: make one with "countersign keys create-root --out FILE", then set ROOT_KEY_URL, ROOT_KEY_FILE or ROOT_KEY, or ROOT_THUMBPRINTS for a root key that stays offline';

const SAME_KEY =
  'a root key is among the signing keys: a root key signs key sets and nothing else, so make another one';

export interface RootNeeds {
  /** Whether the service may run without a root key. */
  readonly isLoopback: boolean;
  /** Thumbprints of the signing keys, where they lie in settings. */
  readonly signingKids: readonly string[];
  /** The key of SIGNING_KEY_URL. */
  readonly signingKeyUrl: string | undefined;
}

/** @param problems gets what is wrong: what happened, then what to do */
export function readRootSource(settings: RootSettings, needs: RootNeeds, problems: string[]): RootSource {
  const given = NAMES.filter((name) => settings[name] !== undefined);
  if (given.length > 1) problems.push(`at most one of ${NAMES.join(', ')} may be set, and ${given.join(' and ')} are`);
  if (given.length === 0 && !needs.isLoopback) problems.push(MISSING);
  if (given.length !== 1) return { kind: 'none' };
  const source = readOnly(settings, problems);
  if (isAmongSigningKeys(source, needs)) problems.push(SAME_KEY);
  return source;
}

function readOnly(settings: RootSettings, problems: string[]): RootSource {
  const { ROOT_KEY, ROOT_KEY_FILE, ROOT_KEY_URL, ROOT_THUMBPRINTS } = settings;
  if (ROOT_KEY_URL !== undefined) return { kind: 'vault', keyUrls: ROOT_KEY_URL };
  if (ROOT_THUMBPRINTS !== undefined) return { kind: 'upload', thumbprints: ROOT_THUMBPRINTS };
  const name = ROOT_KEY === undefined ? 'ROOT_KEY_FILE' : 'ROOT_KEY';
  try {
    const keys = ROOT_KEY === undefined ? readFiles(ROOT_KEY_FILE ?? '') : splitRootKeys(ROOT_KEY);
    const thumbprints = keys.map((key) => createLocalRoot(key).kid);
    if (new Set(thumbprints).size === keys.length) return { kind: 'setting', keys, thumbprints };
    problems.push(`${name} has one root key twice: name each once`);
  } catch (error) {
    problems.push(`${name}: ${describeKeyFault(error)}`);
  }
  return { kind: 'none' };
}

function readFiles(list: string): readonly string[] {
  const paths = isKey(list) ? [list] : list.split(',').map((path) => path.trim());
  if (paths.length > MAX_ROOTS) throw new SigningKeyError(`There are ${paths.length} root keys. Give one or two.`);
  return paths.map(readSettingFile);
}

/** A key that stands where its path belongs has commas of its own, as JSON. */
function isKey(list: string): boolean {
  return list.trimStart().startsWith('{');
}

/** What is wrong with a key, or with the file that holds it. @throws any other error */
export function describeKeyFault(error: unknown): string {
  if (error instanceof SigningKeyError || error instanceof SettingFileError) return error.message;
  throw error;
}

function isAmongSigningKeys(source: RootSource, { signingKids, signingKeyUrl }: RootNeeds): boolean {
  if (source.kind === 'none') return false;
  if (source.kind !== 'vault') return source.thumbprints.some((kid) => signingKids.includes(kid));
  // Host names know no case, and a version of the signing key is the signing key.
  const names = source.keyUrls.map(nameOf);
  return signingKeyUrl !== undefined && names.includes(nameOf(signingKeyUrl));
}

/** The key of a vault without its version; key names know no case either. */
function nameOf(keyUrl: string): string {
  const { host, pathname } = new URL(keyUrl);
  return `${host}${pathname.split('/').slice(0, 3).join('/')}`.toLowerCase();
}
