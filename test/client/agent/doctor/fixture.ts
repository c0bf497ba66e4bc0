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

/** A VM with a real IMDS and a real service, on which the agent's own command is run. */
export interface Live {
  readonly arrange: (scene: AgentScene) => unknown;
  /** Takes the reason away. */
  readonly cure: (scene: AgentScene) => unknown;
  readonly finding: Expected | ((scene: AgentScene) => Expected);
}

export type Fixture = Recorded | Live;
