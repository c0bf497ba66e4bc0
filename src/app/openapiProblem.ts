import * as z from 'zod';
import type { ProblemCode } from '../contract/codes.ts';
import { PROBLEMS } from '../contract/problems.ts';
import type { Problem } from '../contract/wire.ts';
import { compactJws } from '../vm/answerSchemas.ts';

const CODES = Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]];

/** RFC 9457, with members of our own. */
export const problemSchema = z
  .strictObject({
    type: z.url().describe('A page that explains the code.'),
    ...{ title: z.string(), status: z.int() },
    code: z.enum(CODES),
    detail: z.string().describe('What to do.'),
    ...{ instance: z.string(), retryable: z.boolean(), correlationId: z.uuid() },
    denial: compactJws.exactOptional().describe('A signed denial: the only answer that ends a client’s grace.'),
    errors: z
      .array(z.strictObject({ line: z.int().exactOptional(), field: z.string(), message: z.string() }))
      .exactOptional()
      .describe('Operators’ requests: everything that is wrong with the body.'),
  })
  .meta({ id: 'Problem' }) satisfies z.ZodType<Problem>;
