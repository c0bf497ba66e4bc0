/**
 * Reads the few operators of Kusto's query language that our alerts use: `where`, `extend`, and `summarize count() by`. What
 * it does not know it refuses, so that no query means something else here than it does in Azure.
 */

export type Expression =
  | { readonly kind: 'literal'; readonly value: string | number }
  | { readonly kind: 'timespan'; readonly milliseconds: number }
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'member'; readonly of: Expression; readonly name: string }
  | { readonly kind: 'call'; readonly name: string; readonly given: readonly Expression[] }
  | { readonly kind: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression };

export interface Named {
  readonly name: string;
  readonly value: Expression;
}

export type Step =
  | { readonly kind: 'where'; readonly condition: Expression }
  | { readonly kind: 'extend'; readonly columns: readonly Named[] }
  | { readonly kind: 'summarize'; readonly by: readonly Named[] };

export interface Query {
  readonly table: string;
  readonly steps: readonly Step[];
}

const TOKEN = /\s+|'[^'\\]*'|"[^"\\]*"|\d+(?:\.\d+)?(?:ms|[smhd])?\b|[A-Za-z_]\w*|==|!=|<=|>=|[<>()|,.=]/gy;

/** @throws {SyntaxError} */
export function parseQuery(text: string): Query {
  const tokens = new Tokens(text);
  const table = tokens.takeName();
  const steps: Step[] = [];
  while (!tokens.isAtEnd) {
    tokens.expect('|');
    steps.push(parseStep(tokens));
  }
  return { table, steps };
}

class Tokens {
  readonly #tokens: string[] = [];
  #next = 0;

  constructor(text: string) {
    for (TOKEN.lastIndex = 0; TOKEN.lastIndex < text.length;) {
      const at = TOKEN.lastIndex;
      const [token] = TOKEN.exec(text) ?? [];
      if (token === undefined) throw new SyntaxError(`"${text.slice(at, at + 20)}" is not known here.`);
      if (token.trim() !== '') this.#tokens.push(token);
    }
  }

  get isAtEnd(): boolean {
    return this.#next === this.#tokens.length;
  }

  get next(): string {
    return this.#tokens[this.#next] ?? '';
  }

  take(): string {
    this.#next += 1;
    return this.#tokens[this.#next - 1] ?? '';
  }

  /** Whether it was there, and taken. */
  has(token: string): boolean {
    if (this.next !== token) return false;
    this.#next += 1;
    return true;
  }

  expect(token: string): void {
    if (!this.has(token)) throw new SyntaxError(`"${token}" is expected, and there is "${this.next}".`);
  }

  takeName(): string {
    const name = this.take();
    if (!/^[A-Za-z_]/.test(name)) throw new SyntaxError(`A name is expected, and there is "${name}".`);
    return name;
  }
}

function parseStep(tokens: Tokens): Step {
  const operator = tokens.takeName();
  if (operator === 'where') return { kind: 'where', condition: parseExpression(tokens) };
  if (operator === 'extend') return { kind: 'extend', columns: parseNamed(tokens) };
  if (operator !== 'summarize') throw new SyntaxError(`The operator "${operator}" is not known here.`);
  for (const token of ['count', '(', ')', 'by']) tokens.expect(token);
  return { kind: 'summarize', by: parseNamed(tokens) };
}

function parseNamed(tokens: Tokens): Named[] {
  const named: Named[] = [];
  do {
    const expression = parseExpression(tokens);
    if (expression.kind === 'name' && tokens.has('='))
      named.push({ name: expression.name, value: parseExpression(tokens) });
    else named.push({ name: nameOf(expression), value: expression });
  } while (tokens.has(','));
  return named;
}

/** As a column without a name of its own is called: `bin(TimeGenerated, 5m)` is `TimeGenerated`. */
function nameOf(expression: Expression): string {
  if (expression.kind === 'name') return expression.name;
  const [first] = expression.kind === 'call' && expression.name === 'bin' ? expression.given : [];
  if (first?.kind === 'name') return first.name;
  throw new SyntaxError('A computed column needs a name here.');
}

const PRECEDENCE = [['or'], ['and'], ['==', '!=', '<', '<=', '>', '>=']];

function parseExpression(tokens: Tokens, level = 0): Expression {
  const operators = PRECEDENCE[level];
  if (operators === undefined) return parseMembers(tokens);
  let left = parseExpression(tokens, level + 1);
  while (operators.includes(tokens.next)) {
    const operator = tokens.take();
    left = { kind: 'binary', operator, left, right: parseExpression(tokens, level + 1) };
  }
  return left;
}

function parseMembers(tokens: Tokens): Expression {
  let expression = parsePrimary(tokens);
  while (tokens.has('.')) expression = { kind: 'member', of: expression, name: tokens.takeName() };
  return expression;
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function parsePrimary(tokens: Tokens): Expression {
  if (tokens.has('(')) {
    const inside = parseExpression(tokens);
    tokens.expect(')');
    return inside;
  }
  if (/^['"]/.test(tokens.next)) return { kind: 'literal', value: tokens.take().slice(1, -1) };
  const [, digits, unit] = /^([\d.]+)([a-z]*)$/.exec(tokens.next) ?? [];
  if (digits !== undefined) {
    tokens.take();
    if (unit === '' || unit === undefined) return { kind: 'literal', value: Number(digits) };
    return { kind: 'timespan', milliseconds: Number(digits) * (UNITS[unit] ?? NaN) };
  }
  const name = tokens.takeName();
  return tokens.has('(') ? { kind: 'call', name, given: parseGiven(tokens) } : { kind: 'name', name };
}

function parseGiven(tokens: Tokens): Expression[] {
  const given: Expression[] = [];
  while (!tokens.has(')')) {
    if (given.length > 0) tokens.expect(',');
    given.push(parseExpression(tokens));
  }
  return given;
}
