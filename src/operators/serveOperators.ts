import type { ServedRoute } from '../http/edge.ts';
import { createOperatorKeySet } from './operatorKeySet.ts';
import { OPERATOR_ROUTES } from './routes.ts';
import type { OperatorNeeds } from './routes.ts';
import { serveRoute } from './serveRoute.ts';
import type { ServeNeeds } from './serveRoute.ts';
import type { OperatorDirectory } from './checkToken.ts';

/** The operators' routes of a service; none where no directory is named, because then nobody is an operator. */
export function serveOperators(
  directory: OperatorDirectory | null,
  needs: OperatorNeeds & ServeNeeds,
): readonly ServedRoute[] {
  if (directory === null) return [];
  const rules = { directory, keySet: createOperatorKeySet(directory.keySetUrl) };
  return OPERATOR_ROUTES.map((route) => ({
    ...{ name: route.name, ...route.endpoint },
    useCase: serveRoute(route, needs, rules),
  }));
}
