import { parseQuery } from './parse.ts';
import type { Expression, Named, Step } from './parse.ts';

/** A row of a table. A `Date` is a datetime, an object or array is dynamic, and `null` is null of any type. */
export type Row = Readonly<Record<string, unknown>>;

/**
 * Runs a query of the few operators that {@link parseQuery} knows, as Microsoft documents them: in particular what is null.
 * It is no Kusto engine: none could be had.
 *
 * @throws {SyntaxError} for anything else
 */
export function evaluateQuery(text: string, tables: Readonly<Record<string, readonly Row[]>>): readonly Row[] {
  const { table, steps } = parseQuery(text);
  const rows = tables[table];
  if (rows === undefined) throw new SyntaxError(`There is no table ${table}.`);
  return steps.reduce(applyStep, rows);
}

function applyStep(rows: readonly Row[], step: Step): readonly Row[] {
  // Null is no yes.
  if (step.kind === 'where') return rows.filter((row) => evaluate(step.condition, row) === true);
  if (step.kind === 'extend') return rows.map((row) => ({ ...row, ...evaluateAll(step.columns, row) }));
  return summarize(rows, step.by);
}

function evaluateAll(columns: readonly Named[], row: Row): Row {
  return Object.fromEntries(columns.map(({ name, value }) => [name, evaluate(value, row)]));
}

function summarize(rows: readonly Row[], by: readonly Named[]): readonly Row[] {
  const groups = new Map<string, { readonly values: Row; count: number }>();
  for (const row of rows) {
    const values = evaluateAll(by, row);
    const key = JSON.stringify(values);
    const group = groups.get(key) ?? { values, count: 0 };
    group.count += 1;
    groups.set(key, group);
  }
  return [...groups.values()].map(({ values, count }) => ({ ...values, count_: count }));
}

/** @returns the value; a timespan is its milliseconds */
function evaluate(expression: Expression, row: Row): unknown {
  switch (expression.kind) {
    case 'literal':
      return expression.value;
    case 'timespan':
      return expression.milliseconds;
    case 'name':
      if (!(expression.name in row)) throw new SyntaxError(`There is no column ${expression.name}.`);
      return row[expression.name];
    case 'member':
      return memberOf(evaluate(expression.of, row), expression.name);
    case 'call':
      return call(
        expression.name,
        expression.given.map((one) => evaluate(one, row)),
      );
    case 'binary':
      return combine(expression.operator, evaluate(expression.left, row), () => evaluate(expression.right, row));
  }
}

function memberOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return null;
  return (value as Readonly<Record<string, unknown>>)[name] ?? null;
}

const FUNCTIONS: Readonly<Record<string, (value: unknown, second: unknown) => unknown>> = {
  tostring: (value) => {
    if (value === null) return '';
    return typeof value === 'string' ? value : JSON.stringify(value);
  },
  toint: toWhole,
  parse_json: (value) => {
    if (typeof value !== 'string') return value;
    try {
      return JSON.parse(value) as unknown;
    } catch {
      // A text that is no JSON is a dynamic value of that text.
      return value;
    }
  },
  bin: (value, size) => {
    if (value === null || typeof size !== 'number' || size <= 0) return null;
    const number = value instanceof Date ? value.getTime() : Number(value);
    const down = Math.floor(number / size) * size;
    return value instanceof Date ? new Date(down) : down;
  },
};

const MAX_INT = 2 ** 31;

function toWhole(value: unknown): number | null {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value !== 'number' && (typeof value !== 'string' || !/^\s*-?\d+\s*$/.test(value))) return null;
  const whole = Math.trunc(Number(value));
  return whole >= -MAX_INT && whole < MAX_INT ? whole : null;
}

function call(name: string, [value = null, second = null]: readonly unknown[]): unknown {
  const known = FUNCTIONS[name];
  if (known === undefined) throw new SyntaxError(`The function "${name}" is not known here.`);
  return known(value, second);
}

function combine(operator: string, left: unknown, evaluateRight: () => unknown): unknown {
  if (operator === 'or') return left === true || evaluateRight() === true;
  if (operator === 'and') return left === true && evaluateRight() === true;
  return compare(operator, left, evaluateRight());
}

const ORDERED: Readonly<Record<string, (left: number, right: number) => boolean>> = {
  '<': (left, right) => left < right,
  '<=': (left, right) => left <= right,
  '>': (left, right) => left > right,
  '>=': (left, right) => left >= right,
};

function compare(operator: string, left: unknown, right: unknown): boolean | null {
  const order = ORDERED[operator];
  if (order === undefined) {
    if (left === null && right === null) return null;
    return (left === right) === (operator === '==');
  }
  if (left === null || right === null) return null;
  if (typeof left !== 'number' || typeof right !== 'number') throw new SyntaxError('Only numbers are ordered here.');
  return order(left, right);
}
