import * as z from 'zod';
import { expect, test } from 'vitest';
import { parseShape } from '../../../src/operators/edge/bodies.ts';
import { OPERATOR_ROUTES } from '../../../src/operators/routes.ts';
import { RequestError } from '../../../src/http/requestError.ts';

function problemsOf(parse: () => unknown): RequestError['errors'] {
  try {
    parse();
    return [];
  } catch (error) {
    if (!(error instanceof RequestError)) throw error;
    return error.errors;
  }
}

const messagesOf = (schema: z.ZodType, value: unknown) =>
  problemsOf(() => parseShape(schema, value, 'It')).map(({ message }) => message);

const UUID = 'be a UUID such as "6f1c1a52-0b7e-4c43-9d3c-3f5f0d1f8a11"';

test.each<[string, z.ZodType, unknown, string]>([
  ['an enumeration', z.enum(['a', 'b']), 'c', 'must be "a" or "b"'],
  ['a literal', z.literal('*'), 'c', 'must be "*"'],
  ['a missing one', z.enum(['a']), undefined, 'is missing: it must be "a"'],
  ['a UUID', z.guid(), 'x', `must ${UUID}`],
  ['a missing UUID', z.guid(), undefined, 'is missing: it must be a text'],
  ['a time', z.iso.datetime({ offset: true }), 'x', 'must be a time with its zone, such as "2027-01-31T00:00:00Z"'],
  ['a pattern', z.string().regex(/^a$/), 'x', 'must be in the form that /openapi.json describes'],
  ['a union', z.union([z.literal(1), z.boolean()]), 'x', 'must be in the form that /openapi.json describes'],
  ['a text', z.string(), 1, 'must be a text'],
  ['a whole number', z.int(), 1.5, 'must be a whole number'],
  ['a flag', z.boolean(), 1, 'must be true or false'],
  ['an object', z.strictObject({}), null, 'must be an object'],
  ['a long text', z.string().max(2), 'abc', 'must have at most 2 characters'],
  ['a short list', z.array(z.string()).min(1), [], 'must have at least 1 entries'],
  ['a large number', z.number().max(2), 3, 'must be at most 2'],
  ['words of its own', z.string().max(2, 'must be short'), 'abc', 'must be short'],
])('%s is told as what it must be', (_, schema, value, message) => {
  expect(messagesOf(schema, value)).toEqual([message]);
});

const NONSENSE = ['☃', '', 'x'.repeat(5_000), 1, null, {}, []];

test('no route refuses anything in the words of a library', () => {
  let count = 0;
  for (const { name, params, query, body } of OPERATOR_ROUTES) {
    const schemas = [params, query, ...Object.values(body.content)];
    const fields = schemas.flatMap((schema) => (schema instanceof z.ZodObject ? Object.keys(schema.shape) : []));
    for (const value of NONSENSE) {
      const all = Object.fromEntries(fields.map((field) => [field, value]));
      const problems = [{}, all].flatMap((sent) => [
        ...[params, query].flatMap((schema) => problemsOf(() => parseShape(schema, sent, 'It'))),
        ...problemsOf(() => body.parse('application/json', JSON.stringify(sent))),
      ]);
      count += problems.length;
      for (const { field, message } of problems) {
        expect(message, `${name} ${field} ${JSON.stringify(value).slice(0, 9)}`).not.toMatch(
          /\binvalid\b|expected|pattern/i,
        );
      }
    }
  }
  expect(count).toBeGreaterThan(200);
});
