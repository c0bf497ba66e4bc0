import type { OperatorEndpoint } from '../../contract/endpoints.ts';
import type { EffectReportJson } from '../../contract/operators/records.ts';
import type { Api, Write } from '../data/api.ts';
import type { ChangeProps } from '../parts/dialogue.tsx';

/** What a dialogue tries is what it then applies: one request, with `dryRun` or with the reason. */
export function tryAndApply(
  api: Api,
  endpoint: OperatorEndpoint,
  write: Pick<Write, 'params' | 'etag' | 'body'>,
): Pick<ChangeProps, 'attempt' | 'apply'> {
  return {
    attempt: async (signal) =>
      (await api.write(endpoint, { ...write, query: { dryRun: 'true' }, signal })) as EffectReportJson,
    apply: async ({ reason, key }) => {
      await api.write(endpoint, { ...write, key, query: { reason } });
    },
  };
}
