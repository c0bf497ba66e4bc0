import { readProxy } from '../../../diagnosis/proxy.ts';
import type { ProxyFacts } from '../../../diagnosis/proxy.ts';
import type { Circumstances } from './circumstances.ts';

/** The proxy variables of the environment that the doctor was started in, by name: values can hold passwords. */
export interface ProxyEvidence extends ProxyFacts {
  /** What makes programs that run on Node obey them. */
  readonly ofNode: readonly string[];
  readonly isWindows: boolean;
}

export function lookAtProxy({ env }: Pick<Circumstances, 'env'>): ProxyEvidence {
  const usesVariable = env['NODE_USE_ENV_PROXY'] === '1';
  const usesOption = /(?:^|\s)--use-env-proxy(?:\s|$)/.test(env['NODE_OPTIONS'] ?? '');
  return {
    ...readProxy(env),
    ofNode: [
      ...(usesVariable ? ['NODE_USE_ENV_PROXY=1'] : []),
      ...(usesOption ? ['NODE_OPTIONS with --use-env-proxy'] : []),
    ],
    isWindows: process.platform === 'win32',
  };
}
