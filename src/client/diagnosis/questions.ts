import { PREFERRED_VERSIONS, newestKnownVersion } from '../imds/versions.ts';
import { member, objectMember, parseJsonObject, textMember } from '../members.ts';
import type { JsonObject } from '../members.ts';
import type { Answer, Asker, Question } from './ask.ts';

/** Characters: IMDS takes 16 KiB of DER, and this is its base64. */
const MAX_SIGNATURE = 22_000;

/** Whether anything answered, whatever it was. */
export function isReached({ reply }: Answer<unknown>): boolean {
  return reply.kind === 'answer' || reply.kind === 'cut';
}

export function askForVersions(asker: Asker): Promise<Answer<readonly string[]>> {
  return asker.ask({ path: '/metadata/versions', query: {}, parse: parseVersions });
}

/** @param versions their list, as it was answered */
export function askForInstance(asker: Asker, versions: Answer<unknown>): Promise<Answer<JsonObject>> {
  return asker.ask({
    path: '/metadata/instance',
    query: { 'api-version': newestOf(versions) ?? PREFERRED_VERSIONS.licence },
    parse: parseInstance,
  });
}

/** Where the api-version is refused, the newest one that the refusal names is tried. The answer is base64. */
export async function askForDocument(
  asker: Asker,
  versions: Answer<readonly string[]>,
  nonce: string,
): Promise<Answer<string>> {
  const question = (version: string): Question<string> => ({
    path: '/metadata/attested/document',
    query: { 'api-version': version, nonce },
    parse: parseDocument,
  });
  const first = await asker.ask(
    question(hasPreferred(versions) ? PREFERRED_VERSIONS.licence : (newestOf(versions) ?? PREFERRED_VERSIONS.licence)),
  );
  const other = newestOf(first);
  const isRefused = first.judgement.kind === 'trouble' && first.judgement.trouble === 'version';
  return isRefused && other !== undefined ? asker.ask(question(other)) : first;
}

function hasPreferred({ judgement }: Answer<readonly string[]>): boolean {
  return judgement.kind === 'trouble' || judgement.value.includes(PREFERRED_VERSIONS.licence);
}

/** The newest api-version that the answer names and Countersign knows. */
function newestOf({ reply }: Answer<unknown>): string | undefined {
  return reply.kind === 'answer' ? newestKnownVersion('licence', [reply.text]) : undefined;
}

function parseVersions(text: string): readonly string[] | undefined {
  const list = member(parseJsonObject(text) ?? {}, 'apiVersions');
  if (!Array.isArray(list)) return undefined;
  return list.filter((version): version is string => typeof version === 'string');
}

/** A VM of the classic deployment model has no `compute`. */
function parseInstance(text: string): JsonObject | undefined {
  const object = parseJsonObject(text) ?? {};
  const isInstance = ['compute', 'network'].some((name) => objectMember(object, name) !== undefined);
  return isInstance ? object : undefined;
}

function parseDocument(text: string): string | undefined {
  const object = parseJsonObject(text) ?? {};
  return object['encoding'] === 'pkcs7' ? textMember(object, 'signature', MAX_SIGNATURE) : undefined;
}
