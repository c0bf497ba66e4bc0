/**
 * Why the host refuses to start, with every problem that was found: what is wrong, and what to do about it. The real host
 * writes most of these to its log and leaves the function out; a test or a developer is better served by a start that fails.
 */
export class HostStartError extends Error {
  override readonly name = 'HostStartError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[], options?: ErrorOptions) {
    super(`The Functions host cannot start:\n${problems.map((problem) => `- ${problem}`).join('\n')}`, options);
    this.problems = problems;
  }
}
