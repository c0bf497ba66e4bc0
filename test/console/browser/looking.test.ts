import { afterEach, describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { OPERATOR_ROLES } from '../../../src/operators/roles.ts';
import type { OperatorRole } from '../../../src/operators/roles.ts';
import { hasNoBrowser, useConsoleScene } from '../support/consoleScene.ts';
import { chooseRole, findBarriers, openPage, settle, signIn } from '../support/watchedPage.ts';
import type { WatchedPage } from '../support/watchedPage.ts';

const scene = useConsoleScene();
const opened: WatchedPage[] = [];

/** Signs in, on a page of which every problem fails the test. */
async function enter(role: OperatorRole, path = ''): Promise<WatchedPage> {
  const { browser, stack } = scene();
  const watched = await openPage(browser, stack);
  opened.push(watched);
  await signIn(watched.page, stack, role, path);
  await settle(watched.page);
  return watched;
}

afterEach(async () => {
  const problems = opened.flatMap((watched) => watched.problems);
  for (const { context } of opened.splice(0)) await context.close();
  expect(problems).toEqual([]);
});

const panel = (page: Page, name: string) => page.getByRole('region', { name });

/** Requests to the operators' API, from now on. */
function watchRequests(page: Page): readonly string[] {
  const asked: string[] = [];
  page.on('request', (request) => {
    const [, path] = request.url().split('/operator/v1');
    if (path !== undefined) asked.push(`${request.method()} ${path}`);
  });
  return asked;
}

describe.skipIf(hasNoBrowser)('the overview, in Chromium', () => {
  test.each(OPERATOR_ROLES)(
    '%s sees in one request whether all is well, who is refused, and what ends',
    async (role) => {
      const { browser, stack } = scene();
      const watched = await openPage(browser, stack);
      opened.push(watched);
      const { page } = watched;
      const asked = watchRequests(page);
      await page.goto(`${stack.serviceUrl}/console/`);
      await chooseRole(page, role);
      await settle(page);
      await page.getByRole('heading', { name: 'Everything is ready' }).waitFor();
      expect(asked).toEqual(['GET /overview?period=24h']);
      const refused = panel(page, 'Refused now').getByRole('row').filter({ hasText: 'Northwind Traders' });
      expect(await refused.locator('td').allInnerTexts()).toEqual(['licence_suspended', '9', '9', 'as many']);
      await panel(page, 'Fullest pools')
        .getByRole('listitem')
        .filter({ hasText: 'Adventure Works' })
        .getByText('37')
        .waitFor();
      await panel(page, 'Ends within 60 days').getByRole('link', { name: 'Contoso Hotels' }).waitFor();
      expect(await findBarriers(page)).toEqual([]);
    },
  );

  test('bars have a text, a table and a reading of each; the period is in the address', async () => {
    const { page } = await enter('Reader');
    const chart = panel(page, 'Grants and refusals');
    expect(await chart.getByRole('img').getAttribute('aria-label')).toMatch(/^\d+ grants and \d+ refusals\. /);
    await chart.getByText('As a table').click();
    await chart.getByRole('columnheader', { name: 'seats_exhausted' }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await chart.getByRole('button', { name: '7 days' }).click();
    await chart.getByRole('img', { name: 'day by day' }).waitFor();
    expect(page.url()).toContain('/console/?period=7d');
    await chart.locator('.bar').last().hover();
    await chart.locator('.readout').getByText('licence_issued').waitFor();
    await chart.getByRole('link', { name: 'seats_exhausted' }).click();
    await page.getByRole('heading', { level: 1, name: 'Decisions' }).waitFor();
    expect(page.url()).toContain('/decisions?code=seats_exhausted');
    await page.goBack();
    await chart.getByRole('img', { name: 'day by day' }).waitFor();
  });
});

describe.skipIf(hasNoBrowser)('the overview where something is missing, in Chromium', () => {
  test('a probe that fails comes first, with its cure; and nothing stands where there is nothing', async () => {
    const { page } = await enter('Reader', '/keys');
    await page.route('**/operator/v1/overview*', async (route) => {
      const response = await route.fetch();
      const overview = (await response.json()) as Record<string, object>;
      const probes = [
        { name: 'signingKey', state: 'ok', detail: 'signs' },
        { name: 'store', state: 'failed', detail: 'does not answer: look at the storage account' },
      ];
      const nothing = { ...overview['ending'], licences: [], pins: [], keys: [] };
      const json = {
        ...{ ...overview, refused: { items: [], complete: true }, pools: [], ending: nothing },
        decisions: { ...overview['decisions'], items: [] },
        readiness: { ...overview['readiness'], state: 'failed', probes },
      };
      await route.fulfill({ response, json });
    });
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('heading', { name: 'Not ready: VMs get no licence' }).waitFor();
    expect(await page.locator('.cures').innerText()).toContain('look at the storage account');
    expect(await page.locator('.panel .empty').count()).toBe(4);
    expect(await findBarriers(page)).toEqual([]);
  });
});
