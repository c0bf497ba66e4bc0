import { relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

const SHOWN = 10;

/** Prints the slowest test files at the end of a run, in seconds: importing them, their hooks and their tests. */
export default class SlowestFiles implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    if (modules.length <= 1) return;
    const timed = modules.map((module) => ({ file: relative(process.cwd(), module.moduleId), ...measure(module) }));
    const slowest = timed.toSorted((left, right) => right.total - left.total).slice(0, SHOWN);
    const lines = slowest.map(
      ({ file, total, loading }) => ` ${inSeconds(total)} (${inSeconds(loading)} to load) ${file}`,
    );
    process.stdout.write(['', ' Slowest test files', ...lines, '', ''].join('\n'));
  }
}

function measure(module: TestModule): { readonly total: number; readonly loading: number } {
  const { duration, collectDuration, setupDuration, prepareDuration, environmentSetupDuration } = module.diagnostic();
  const loading = collectDuration + setupDuration + prepareDuration + environmentSetupDuration;
  return { total: loading + duration, loading };
}

function inSeconds(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(1).padStart(6)} s`;
}
