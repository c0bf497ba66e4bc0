import { afterEach, expect } from 'vitest';
import type { OperatorRole } from '../../../src/operators/access/roles.ts';
import type { ConsoleScene } from './consoleScene.ts';
import { openPage, settle, signIn } from './watchedPage.ts';
import type { WatchedPage } from './watchedPage.ts';

type PageOptions = Parameters<typeof openPage>[2];

export interface Visits {
  /** A browser of somebody's own, with nothing in it yet. */
  readonly open: (options?: PageOptions) => Promise<WatchedPage>;
  /** The console, as somebody with the role. @param path below `/console` */
  readonly enter: (role: OperatorRole, path?: string, options?: PageOptions) => Promise<WatchedPage>;
}

/** Visits of the console; after each test nothing may have gone wrong in any of them. */
export function useVisits(scene: () => ConsoleScene): Visits {
  const opened: WatchedPage[] = [];
  const open: Visits['open'] = async (options = {}) => {
    const { browser, stack } = scene();
    const watched = await openPage(browser, stack, options);
    opened.push(watched);
    return watched;
  };
  afterEach(async () => {
    const problems = opened.flatMap((watched) => watched.problems);
    for (const { context } of opened.splice(0)) await context.close();
    expect(problems).toEqual([]);
  });
  return {
    open,
    enter: async (role, path = '', options = {}) => {
      const watched = await open(options);
      await signIn(watched.page, scene().stack, role, path);
      await settle(watched.page);
      return watched;
    },
  };
}
