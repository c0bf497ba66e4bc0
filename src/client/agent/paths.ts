import { join } from 'node:path';

/** Where the agent's files are by default. */
export interface Paths {
  readonly configuration: string;
  /** Key, licence and denial: the library's option `folder`. */
  readonly state: string;
  /** What other programs read. */
  readonly run: string;
}

export function pathsOf(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): Paths {
  if (platform !== 'win32') {
    return {
      configuration: '/etc/countersign/agent.json',
      state: '/var/lib/countersign',
      run: '/run/countersign',
    };
  }
  const folder = join(env['ProgramData'] ?? 'C:\\ProgramData', 'Countersign');
  return { configuration: join(folder, 'agent.json'), state: join(folder, 'state'), run: folder };
}
