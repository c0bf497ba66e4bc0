import { UsageError } from '../../command.ts';
import { printable } from '../../printable.ts';

/** The argument of commands for one offer. */
export const NAME = ['<name>', 'publisher/product/plan; the plan may be *'] as const;

/** Where the API has an offer. @throws {UsageError} */
export function pathOf(name: string): string {
  const parts = name.split('/');
  if (parts.length !== 3) throw new UsageError(`"${printable(name)}" is not an offer. Write it publisher/product/plan`);
  return `/offers/${parts.map(encodeURIComponent).join('/')}`;
}
