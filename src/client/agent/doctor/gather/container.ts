import { existsSync } from 'node:fs';
import type { Circumstances } from './circumstances.ts';
import { readText } from './readText.ts';

/** What shows that the agent runs in a container: variables, files and control groups, by name. */
export interface ContainerEvidence {
  readonly ofKubernetes: readonly string[];
  readonly ofOthers: readonly string[];
}

const VARIABLES = ['KUBERNETES_SERVICE_HOST'];
const KUBERNETES_FILES = ['/var/run/secrets/kubernetes.io/serviceaccount'];
const OTHER_FILES = ['/.dockerenv', '/run/.containerenv'];
const KUBERNETES_GROUP = 'kubepods';
const OTHER_GROUPS = /docker|libpod|containerd|crio/;

export async function lookAtContainer({ env }: Pick<Circumstances, 'env'>): Promise<ContainerEvidence> {
  const groups = ((await readText('/proc/self/cgroup')) ?? '').split('\n').map((line) => `cgroup ${line}`);
  const isSet = (name: string) => (env[name] ?? '') !== '';
  const isThere = (path: string) => existsSync(path);
  return {
    ofKubernetes: [
      ...VARIABLES.filter(isSet),
      ...KUBERNETES_FILES.filter(isThere),
      ...groups.filter((line) => line.includes(KUBERNETES_GROUP)),
    ],
    ofOthers: [
      ...OTHER_FILES.filter(isThere),
      ...groups.filter((line) => OTHER_GROUPS.test(line) && !line.includes(KUBERNETES_GROUP)),
    ],
  };
}
