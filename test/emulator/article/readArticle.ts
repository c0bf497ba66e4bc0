import { hasShared, readSharedText } from '../../support/shared.ts';

/*
 * The article that the emulator follows, read where it lies: its requests, examples, tables and versions. Nothing of it is
 * written down in a test. Without the reference data everything is empty, and its tests are skipped.
 */

const ARTICLE = hasShared ? readSharedText('seed', 'azure-instance-metadata-service.de.md') : '';

const BLOCKS = Array.from(ARTICLE.matchAll(/```(\w+)\n([^]*?)```/g), ([, language = '', text = '']) => {
  return { language, text };
});

/** The JSON of an example. The article writes x where it hides something: the emulator's own value stands there. */
export function readExample(text: string): unknown {
  return JSON.parse(
    text
      .replaceAll('xxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxx', '5f3a1c52-8e0d-4b7a-9c61-2d4e8f0a7b13')
      .replaceAll('X.X.X.X', '203.0.113.4'),
  );
}

export interface ArticleRequest {
  /** Below the address of IMDS. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The example that follows, where it is an answer. */
  readonly answer: string | null;
}

export const REQUESTS: readonly ArticleRequest[] = BLOCKS.flatMap(({ text }, index) => {
  const [, path] = /-Uri "?http:\/\/169\.254\.169\.254([^"\s]*)/.exec(text) ?? [];
  if (path === undefined) return [];
  const headers = Object.fromEntries(
    Array.from(text.matchAll(/@\{"(\w+)"="(\w+)"\}/g), ([, name = '', value = '']) => [name, value]),
  );
  const next = BLOCKS.at(index + 1);
  // A request without an example of its own has another request behind it.
  const answer = next && ['json', 'text'].includes(next.language) ? next.text : null;
  return [{ path, headers, answer }];
});

/** The article writes one version as a German date. */
const toVersion = (text: string) => text.replace(/^(\d\d)\.(\d\d)\.(\d{4})$/, '$3-$2-$1');

export const VERSIONS: readonly string[] = Array.from(
  ARTICLE.matchAll(/^- (\d{4}-\d\d-\d\d|\d\d\.\d\d\.\d{4}) *$/gm),
  ([, text = '']) => toVersion(text),
);

/** The rows of the first table under the heading with that anchor; cells without their markup. */
export function tableOf(anchor: string, which = 0): readonly (readonly string[])[] {
  const section = ARTICLE.split(`<a name="${anchor}"></a>`)[1]?.split(/\n#+ <a name/)[0] ?? '';
  const tables = section.split(/\n(?=[^\n]*\|[^\n]*\n[-\s|]+\n)/).slice(1);
  const lines = (tables[which] ?? '').split('\n');
  const end = lines.findIndex((line) => !line.includes('|'));
  return lines.slice(2, end === -1 ? undefined : end).map((line) => line.split('|').map(plain));
}

function plain(cell: string): string {
  return toVersion(cell.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').trim());
}

/** Names that were translated with the rest. */
const TRANSLATED: Readonly<Record<string, string>> = { Tarif: 'plan', Provider: 'provider', Zone: 'zone' };

export function fieldName(cell: string): string {
  return TRANSLATED[cell] ?? cell;
}
