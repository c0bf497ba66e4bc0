import { OPERATOR_ENDPOINTS } from '../contract/endpoints.ts';
import type { OperatorEndpoint } from '../contract/endpoints.ts';
import type { ServedRoute, UseCase } from '../http/edge.ts';
import { loadOnce } from '../contract/loadOnce.ts';

/**
 * The operators' routes, whose code is loaded by the first of their requests: VMs need nothing of it, and every start would
 * pay for it.
 *
 * @param load is called again where it failed
 */
export function loadOperatorsLater(load: () => Promise<readonly ServedRoute[]>): readonly ServedRoute[] {
  const read = loadOnce(async () => new Map((await load()).map((route) => [route.name, route.useCase])));
  const find = async (name: OperatorEndpoint): Promise<UseCase> => {
    const useCase = (await read()).get(name);
    if (useCase === undefined) throw new Error(`The operators' endpoint ${name} is not served.`);
    return useCase;
  };
  return (Object.keys(OPERATOR_ENDPOINTS) as OperatorEndpoint[]).map((name) => ({
    ...{ name, ...OPERATOR_ENDPOINTS[name] },
    useCase: async (request) => (await find(name))(request),
  }));
}
