import { mkdirSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { takesNoPictures, useConsoleScene } from '../support/consoleScene.ts';
import { findBarriers, openPage, settle, signIn } from '../support/watchedPage.ts';

/** For people to look at, before a change is called done. */
const FOLDER = resolve(import.meta.dirname, '../../../.work/console');

const WIDTHS = [360, 900, 1440];
const SCHEMES = ['light', 'dark'] as const;
const FORMS = SCHEMES.flatMap((scheme) => WIDTHS.map((width) => ({ scheme, width })));

const PAGES = ['Overview', 'Customers', 'Decisions', 'Offers', 'Trust', 'Keys', 'Changes'] as const;

const scene = useConsoleScene();

describe.skipIf(takesNoPictures)('pictures', () => {
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

/** Of the documentation; without the setting they are written beside the others, and the documentation stays as it is. */
const SHOWN = process.env['DOCS_PICTURES'] === '1' ? resolve(import.meta.dirname, '../../../docs/console') : FOLDER;

const SHOWN_AT = { width: 1200, height: 1020 };

/** Octets of all pictures of the documentation: they are in the repository. */
const MOST_OCTETS = 400_000;

describe.skipIf(takesNoPictures)('the documentation', () => {
  test('shows the overview, a licence and an explanation', async () => {
    const { browser, stack } = scene();
    const { page, context } = await openPage(browser, stack, { colorScheme: 'light', viewport: SHOWN_AT });
    mkdirSync(SHOWN, { recursive: true });
    const files: string[] = [];
    const take = async (name: string) => {
      await settle(page);
      await page.mouse.move(0, 0);
      const path = join(SHOWN, `${name}.png`);
      await page.screenshot({ path });
      files.push(path);
    };
    await signIn(page, stack, 'Operator');
    await page.getByRole('heading', { name: 'Everything is ready' }).waitFor();
    await take('overview');
    await page.getByRole('region', { name: 'Fullest pools' }).getByRole('link', { name: 'Adventure Works' }).click();
    await page.getByText('40 seats now').waitFor();
    await take('licence');
    await page.getByRole('link', { name: 'Decisions', exact: true }).click();
    await page.getByLabel('Code').selectOption('sku_not_allowed');
    await page.getByRole('row').filter({ hasText: 'sku_not_allowed' }).getByRole('link').first().click();
    await page.getByRole('heading', { name: 'What was checked' }).waitFor();
    await take('explain');
    expect(files.reduce((sum, file) => sum + statSync(file).size, 0)).toBeLessThan(MOST_OCTETS);
    await context.close();
  });

  test('has no other picture of the console', () => {
    expect(readdirSync(resolve(FOLDER, '../../docs/console')).toSorted()).toEqual([
      ...['explain.png', 'licence.png', 'overview.png'],
    ]);
  });
});
