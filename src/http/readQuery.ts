import { RequestError } from './requestError.ts';

/**
 * The parameters of a query by their names.
 *
 * @throws {RequestError} `request_malformed` where a parameter stands twice: one of the two would be ignored
 */
export function readQuery(query: URLSearchParams): Record<string, string> {
  const names = [...query.keys()];
  const twice = [...new Set(names.filter((name, index) => names.indexOf(name) !== index))];
  if (twice.length === 0) return Object.fromEntries(query);
  const problems = twice.map((field) => ({ field: field.slice(0, 64), message: 'must stand there once' }));
  throw new RequestError('request_malformed', 'A parameter of the query stands there twice.', null, problems);
}
