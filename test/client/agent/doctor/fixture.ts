import type { Evidence } from '../../../../src/client/agent/doctor/evidence.ts';
import type { Finding } from '../../../../src/client/agent/doctor/finding.ts';
import type { AgentScene } from '../support/agentScene.ts';

/** What is expected of the one finding. */
export interface Expected extends Pick<Finding, 'evidence' | 'command'> {
  readonly snippet?: string;
}

/** What a machine showed: recorded, and put over a healthy one. */
export interface Recorded {
  readonly seen: Partial<Evidence>;
  /** The same with the reason of the cause taken away. */
  readonly cured: Partial<Evidence>;
  readonly finding: Expected;
}

/**
 * A VM with an emulated IMDS and a real service, on which the agent's own command is run. Both steps may answer with
 * variables for it, such as another COUNTERSIGN_IMDS_URL.
 */
export interface Live {
  readonly arrange: (scene: AgentScene) => Variables | Promise<Variables>;
  /** Takes the reason away. A healthy VM without it. */
  readonly cure?: (scene: AgentScene) => Variables | Promise<Variables>;
  /** Variables are those that `arrange` has answered with. */
  readonly finding: Expected | ((scene: AgentScene, variables: Variables) => Expected);
}

export type Variables = Readonly<Record<string, string>>;

export type Fixture = Recorded | Live;
