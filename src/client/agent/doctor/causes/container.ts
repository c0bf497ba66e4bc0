import type { Area } from '../finding.ts';
import type { ContainerEvidence } from '../gather/container.ts';
import { isCutOff } from './imdsAnswers.ts';

const POD_SPEC = ['spec:', '  hostNetwork: true', '  dnsPolicy: ClusterFirstWithHostNet'].join('\n');

export const CONTAINER = {
  title: 'Container',
  describe: ({ ofKubernetes, ofOthers }) => {
    if (ofKubernetes.length > 0) return 'The agent runs in a pod of Kubernetes.';
    return ofOthers.length > 0 ? 'The agent runs in a container.' : 'The agent runs in no container.';
  },
  causes: {
    pod_cut_off: {
      means: 'The agent runs in a pod of Kubernetes, and pods are kept away from IMDS here.',
      advice:
        'Run the agent in the network of the node (hostNetwork). Or allow 169.254.169.254 port 80 in the network policies, and turn off the IMDS restriction of the AKS cluster (az aks update --disable-imds-restriction).',
      explains: 'imds_unreachable',
      judge({ ofKubernetes }, all) {
        if (ofKubernetes.length === 0 || !isCutOff(all)) return null;
        return { evidence: ofKubernetes, command: null, snippet: POD_SPEC };
      },
    },
    container_cut_off: {
      means: 'The agent runs in a container whose network does not reach IMDS.',
      advice: 'Run the container in the network of the VM (docker run --network host), or the agent on the VM itself.',
      explains: 'imds_unreachable',
      judge({ ofKubernetes, ofOthers }, all) {
        if (ofKubernetes.length > 0 || ofOthers.length === 0 || !isCutOff(all)) return null;
        return { evidence: ofOthers, command: null };
      },
    },
  },
} as const satisfies Area<ContainerEvidence>;
