import { OPERATOR_ENDPOINTS } from '../contract/endpoints.ts';
import type { OperatorEndpoint } from '../contract/endpoints.ts';
import type { ServedRoute, UseCase } from '../http/edge.ts';

type UseCases = ReadonlyMap<string, UseCase>;

/**
 * The operators' routes, whose code is loaded by the first of their requests: VMs need nothing of it, and every start would
 * pay for it.
 *
 * @param load is called again where it failed
 */
export function loadOperatorsLater(load: () => Promise<readonly ServedRoute[]>): readonly ServedRoute[] {
  let loading: Promise<UseCases> | null = null;
  const find = async (name: OperatorEndpoint): Promise<UseCase> => {
    loading ??= load().then((routes) => new Map(routes.map((route) => [route.name, route.useCase])));
    const useCases = await loading.catch((error: unknown) => {
      loading = null;
      throw error;
    });
    const useCase = useCases.get(name);
    if (useCase === undefined) throw new Error(`The operators' endpoint ${name} is not served.`);
    return useCase;
  };
  return (Object.keys(OPERATOR_ENDPOINTS) as OperatorEndpoint[]).map((name) => ({
    ...{ name, ...OPERATOR_ENDPOINTS[name] },
    useCase: async (request) => (await find(name))(request),
  }));
}
