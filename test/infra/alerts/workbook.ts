import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { ROOT } from '../bicep.ts';

/** An item of type 3 is a query. */
const workbookSchema = z.object({
  items: z.array(
    z.discriminatedUnion('type', [
      z.object({ type: z.literal(1) }),
      z.object({ type: z.literal(9) }),
      z.object({
        type: z.literal(3),
        name: z.string(),
        content: z.object({
          title: z.string(),
          query: z.string(),
          resourceType: z.literal('microsoft.operationalinsights/workspaces'),
        }),
      }),
    ]),
  ),
});

export interface WorkbookQuery {
  readonly name: string;
  readonly title: string;
  readonly query: string;
}

export function readWorkbookQueries(): readonly WorkbookQuery[] {
  const { items } = workbookSchema.parse(JSON.parse(readFileSync(join(ROOT, 'infra/workbook.json'), 'utf8')));
  return items.flatMap((item) => (item.type === 3 ? [{ name: item.name, ...item.content }] : []));
}
