import { VERSION } from '../version.ts';

/** Told to the service, for operators, and to readers of status.json. */
export const AGENT_NAME = `countersign-agent/${VERSION}`;
