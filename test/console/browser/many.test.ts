import { chromium } from 'playwright-core';
import { beforeAll, describe, expect, test } from 'vitest';
import { useStack } from '../../operators/useStack.ts';
import { createTestTables } from '../../support/azurite.ts';
import { CHROMIUM } from '../../support/chromium.ts';
import { fillForOperators } from '../../support/operatorFilling.ts';
import { takesNoPictures } from '../support/consoleScene.ts';
import { chooseRole, openPage, settle } from '../support/watchedPage.ts';

const FILLING = { licences: 1_000, vms: 1_000, decisions: 5_000 };

const tables = createTestTables();
beforeAll(async () => {
  if (!takesNoPictures) await fillForOperators(tables, { ...FILLING, now: Date.now() });
});
const stack = takesNoPictures ? null : useStack({ built: true, store: tables });

/** Milliseconds from the moment that the page is asked for: it comes back from the directory, and asks for the overview. */
const WATCH = `
  const watch = () => {
    if (document.querySelector('.readiness .head') === null) requestAnimationFrame(watch);
    else performance.measure('overview', { start: 0 });
  };
  watch();
`;

describe.skipIf(takesNoPictures)('1,000 licences and 5,000 decisions, in Chromium', () => {
  test('the overview is one request, and says when it was painted', async () => {
    if (stack === null) return;
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
    try {
      const { page, problems } = await openPage(browser, stack());
      await page.addInitScript(WATCH);
      const asked: string[] = [];
      page.on('request', (request) => {
        if (request.url().includes('/operator/')) asked.push(request.url());
      });
      await page.goto(`${stack().serviceUrl}/console/`);
      await chooseRole(page, 'Reader');
      await settle(page);
      expect(asked).toEqual([`${stack().serviceUrl}/operator/v1/overview?period=24h`]);
      const { duration } = await page.evaluate<{ duration: number }>(
        "performance.getEntriesByName('overview')[0].toJSON()",
      );
      // The time depends on what else the machine does, so it is printed and not limited.
      process.stderr.write(`The overview was painted ${Math.round(duration)} ms after the browser came back.\n`);
      expect(await page.getByRole('region', { name: 'Refused now' }).getByRole('row').count()).toBe(11);
      expect(await page.getByRole('region', { name: 'Fullest pools' }).getByRole('listitem').count()).toBe(10);
      await page.getByRole('link', { name: 'Customers', exact: true }).click();
      await page.getByText('50 licences, and there are more').waitFor();
      await page.getByRole('button', { name: 'Load more' }).click();
      await page.getByText('100 licences, and there are more').waitFor();
      expect(problems).toEqual([]);
    } finally {
      await browser.close();
    }
  });
});
