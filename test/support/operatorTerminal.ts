import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { spawnCli } from '../cli/cliProcess.ts';
import type { Scene } from './serviceScene.ts';

/** An administrator's command line for a scene: each command is a process, in a folder of the operator's own. */
export function openCommandLine(scene: Scene) {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-operator-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  const run = async (...args: string[]) => {
    const env = { COUNTERSIGN_URL: scene.urls[0], COUNTERSIGN_TOKEN: await scene.issueToken('Admin') };
    return spawnCli(args, folder, { env }).ended;
  };
  return { folder, run };
}
