import { expect, test } from 'vitest';
import type * as z from 'zod';

import { OPERATOR_ROUTES } from '../../../src/operators/routes.ts';

const lists = OPERATOR_ROUTES.filter(({ answer: { schema } }) => membersOf(schema).includes('items'));

function membersOf(schema: z.ZodType): readonly string[] {
  return 'shape' in schema ? Object.keys(schema.shape as object) : [];
}

test.each(lists.map(({ name, answer: { schema } }) => [name, membersOf(schema)] as const))(
  '%s says which cloud it looked at',
  (_, members) => {
    expect(members).toContain('cloud');
  },
);

const usual = ['limit', 'continuation'];

test.each(
  lists
    .filter(({ answer: { schema } }) => membersOf(schema).includes('continuation'))
    .map(({ name, query }) => [name, Object.keys(query.shape)] as const),
)('%s is read page by page', (_, members) => {
  expect(members).toEqual(expect.arrayContaining(usual));
});
