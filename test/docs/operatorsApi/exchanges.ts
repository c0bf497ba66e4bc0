/** One request of the page, and the answer that the page shows for it. */
export interface Exchange {
  /** `METHOD /path`. */
  readonly line: string;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly status: number;
  readonly answerHeaders: Readonly<Record<string, string>>;
  readonly answer: unknown;
}

const FENCE = /^```http\n([^]*?)^```$/gm;

/** @throws Error where a request has no answer, or the other way round */
export function readExchanges(page: string): readonly Exchange[] {
  const texts = [...page.matchAll(FENCE)].map(([, text = '']) => text);
  if (texts.length % 2 !== 0) throw new Error('A request of the page has no answer.');
  return texts.flatMap((text, index) => (index % 2 === 0 ? [readExchange(text, texts[index + 1] ?? '')] : []));
}

function readExchange(request: string, answer: string): Exchange {
  const asked = readMessage(request);
  const answered = readMessage(answer);
  const [, method = '', path = ''] = /^([A-Z]+) (\/operator\/v1\/\S+) HTTP\/1\.1$/.exec(asked.start) ?? [];
  const [, status = ''] = /^HTTP\/1\.1 (\d{3}) [A-Z]/.exec(answered.start) ?? [];
  if (method === '' || status === '') throw new Error(`Neither a request and its answer:\n${request}\n${answer}`);
  return {
    ...{ line: `${method} ${path}`, method, path, headers: asked.headers, body: asked.body },
    ...{ status: Number(status), answerHeaders: answered.headers, answer: JSON.parse(answered.body ?? '') as unknown },
  };
}

function readMessage(text: string) {
  const [head = '', ...rest] = text.trimEnd().split('\n\n');
  const [start = '', ...lines] = head.split('\n');
  const headers = Object.fromEntries(lines.map((line) => line.split(': ', 2) as [string, string]));
  return { start, headers, body: rest.length === 0 ? undefined : rest.join('\n\n') };
}
