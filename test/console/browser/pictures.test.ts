import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { hasNoBrowser, useConsoleScene } from '../support/consoleScene.ts';
import { findBarriers, openPage, settle, signIn } from '../support/watchedPage.ts';

/** For people to look at, before a change is called done. */
const FOLDER = resolve(import.meta.dirname, '../../../.work/console');

const WIDTHS = [360, 900, 1440];
const SCHEMES = ['light', 'dark'] as const;
const FORMS = SCHEMES.flatMap((scheme) => WIDTHS.map((width) => ({ scheme, width })));

const PAGES = ['Overview', 'Customers', 'Decisions', 'Offers', 'Trust', 'Keys'] as const;

const scene = useConsoleScene();

describe.skipIf(hasNoBrowser)('pictures', () => {
  test.each(FORMS)(
    '$scheme, $width pixels: every page fits, and nothing keeps anybody out',
    async ({ scheme, width }) => {
      const { browser, stack } = scene();
      const { page, context, problems } = await openPage(browser, stack, {
        ...{ colorScheme: scheme, viewport: { width, height: 900 } },
      });
      mkdirSync(FOLDER, { recursive: true });
      const take = async (name: string) => {
        await settle(page);
        await page.screenshot({ path: join(FOLDER, `${name.toLowerCase()}-${width}-${scheme}.png`), fullPage: true });
        expect(await page.evaluate('document.documentElement.scrollWidth'), name).toBeLessThanOrEqual(width);
        expect(await findBarriers(page), name).toEqual([]);
      };
      await signIn(page, stack, 'Operator');
      for (const name of PAGES) {
        await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name }).click();
        await take(name);
      }
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Customers' }).click();
      await page.getByRole('link', { name: 'Fabrikam Residences' }).click();
      await page.getByRole('heading', { name: 'Fabrikam Residences' }).waitFor();
      await take('Licence');
      await page.getByRole('link', { name: 'gateway first' }).click();
      await page.getByRole('heading', { name: 'What was decided' }).waitFor();
      await take('VM');
      await page.getByRole('button', { name: 'Block this VM' }).click();
      await page.getByLabel('Reason').fill('The customer has asked for it.');
      await take('Block');
      await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
      await page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name: 'Decisions' }).click();
      await page.getByRole('row').filter({ hasText: 'sku_not_allowed' }).getByRole('link').first().click();
      await page.getByRole('heading', { name: 'What was checked' }).waitFor();
      await take('Explain');
      expect(problems).toEqual([]);
      await context.close();
    },
  );
});
