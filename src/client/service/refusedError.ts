import { ClientError } from '../clientError.ts';
import { readProblem } from './problem.ts';
import type { ServiceProblem } from './problem.ts';
import type { ServiceAnswer } from './request.ts';

/** The service has refused, or says that it cannot answer. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly problem: ServiceProblem;

  constructor(problem: ServiceProblem) {
    super(problem.code);
    this.problem = problem;
  }

  /** @returns a `RefusedError`, or a `ClientError` where the answer is not one of the service */
  static of(answer: ServiceAnswer): RefusedError | ClientError {
    const problem = readProblem(answer);
    if (problem !== undefined) return new RefusedError(problem);
    return new ClientError('service_answer_unusable', `status ${answer.status}`, answer.retryAfter);
  }
}
