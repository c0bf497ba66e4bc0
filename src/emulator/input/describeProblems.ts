import type * as z from 'zod';

/** Each problem of a file on a line of its own, after its place. */
export function describeProblems({ issues }: z.ZodError): string {
  return issues.map(({ path, message }) => `  ${path.map(String).join('.') || 'file'}: ${message}`).join('\n');
}
