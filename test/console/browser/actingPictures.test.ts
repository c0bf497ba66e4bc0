import { mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { operate } from '../../operators/useStack.ts';
import { takesNoPictures, useConsoleScene } from '../support/consoleScene.ts';
import { findBarriers, openPage, settle, signIn } from '../support/watchedPage.ts';

/** For people to look at, before a change is called done. */
const FOLDER = resolve(import.meta.dirname, '../../../.work/console');

const WIDTHS = [360, 900, 1440];
const SCHEMES = ['light', 'dark'] as const;
const FORMS = SCHEMES.flatMap((scheme) => WIDTHS.map((width) => ({ scheme, width })));

const CSV = [
  'id,cloud,subscription,offer,seats,validUntil',
  'fabrikam-2026,emulator,aaaaaaaa-0000-4000-8000-000000000001,contoso/gateway/standard,2,2027-03-31T00:00:00Z',
  'adatum,emulator,eeeeeeee-0000-4000-8000-000000000001,contoso/gateway/standard,20,',
];

const scene = useConsoleScene();

/** @param take a picture under a name */
type Tour = (page: Page, take: (name: string) => Promise<void>) => Promise<void>;

const open = async (page: Page, button: string) => {
  await page.getByRole('button', { name: button }).click();
  await page.getByRole('dialog').waitFor();
  await page.getByRole('dialog').locator('.effect p').first().waitFor();
};

const close = async (page: Page) => {
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
};

const go = (page: Page, name: string) =>
  page.getByRole('navigation', { name: 'Pages' }).getByRole('link', { name }).click();

const tourLicence: Tour = async (page, take) => {
  await page.getByRole('link', { name: 'Fabrikam Residences' }).click();
  await page.getByRole('heading', { name: 'Fabrikam Residences' }).waitFor();
  await open(page, 'Change the seats');
  await page.getByRole('spinbutton', { name: 'Seats' }).fill('2');
  await page.getByText('That is 1 more than 2.').waitFor();
  await page.getByLabel('Reason').fill('The customer has given a seat back: it’s in the contract of May.');
  await take('Licence seats');
  const form = await page.evaluate<string>('`${matchMedia("(prefers-color-scheme: dark)").matches} ${innerWidth}`');
  const body = { note: `As agreed for ${form}.` };
  await operate(scene().stack, 'PATCH /licences/fabrikam-2026', { body, headers: { 'If-Match': '*' } });
  await page.getByRole('dialog').getByRole('button', { name: 'Change the seats' }).click();
  await page.getByRole('dialog').getByRole('row').nth(1).waitFor();
  await take('Licence versions');
  await close(page);
  // The page has read it again.
  await page.getByText(body.note).waitFor();
  await open(page, 'Change the end');
  await take('Licence end');
  await close(page);
  await open(page, 'Delete');
  await take('Licence delete');
  await close(page);
};

const tourExplain: Tour = async (page, take) => {
  await go(page, 'Decisions');
  await page.getByRole('row').filter({ hasText: 'subscription_not_licensed' }).getByRole('link').first().click();
  await page.getByRole('heading', { name: 'What was checked' }).waitFor();
  await take('Explain cures');
  await page.getByRole('button', { name: 'Add the subscription' }).click();
  await page.getByRole('radio').first().click();
  await take('Explain attach');
  await close(page);
  await page.getByRole('button', { name: 'Grant a licence' }).click();
  await page.getByLabel('Id of the licence').fill('adventure-works-2027');
  await page.getByRole('dialog').locator('.effect p').first().waitFor();
  await take('Explain grant');
  await close(page);
};

const tourOffers: Tour = async (page, take) => {
  await go(page, 'Offers');
  await page.getByRole('link', { name: 'contoso/gateway/standard' }).click();
  await take('Offer');
  await open(page, 'Suspend');
  await take('Offer suspend');
  await close(page);
  await page.getByRole('button', { name: 'Change …' }).click();
  await page.getByLabel('Lifetime', { exact: true }).fill('P1Y');
  await page.getByText('1 problem').waitFor();
  await take('Offer editor');
};

const tourImport: Tour = async (page, take) => {
  await go(page, 'Import');
  const choose = (...lines: readonly string[]) =>
    page.getByLabel('Drop a file').setInputFiles({
      ...{ name: 'customers.csv', mimeType: 'text/csv', buffer: Buffer.from(lines.join('\n')) },
    });
  await choose(...CSV, 'no id,emulator,,contoso/gateway/standard,many,');
  await page.getByText('problems.').waitFor();
  await take('Import problems');
  await choose(...CSV);
  await page.getByText('takes something away').first().waitFor();
  await take('Import rows');
  await open(page, 'Apply the file');
  await take('Import apply');
  await close(page);
};

describe.skipIf(takesNoPictures)('pictures of what changes something', () => {
  test.each(FORMS)('$scheme, $width pixels: every dialogue fits, and keeps nobody out', async ({ scheme, width }) => {
    const { browser, stack, boot } = scene();
    await boot('stranger');
    const { page, context, problems, forgetFailedRequests } = await openPage(browser, stack, {
      ...{ colorScheme: scheme, viewport: { width, height: 900 } },
    });
    mkdirSync(FOLDER, { recursive: true });
    const take = async (name: string) => {
      await settle(page);
      const file = `${name.toLowerCase().replaceAll(' ', '-')}-${width}-${scheme}.png`;
      const isDialogue = (await page.getByRole('dialog').count()) > 0;
      await page.screenshot({ path: join(FOLDER, file), fullPage: !isDialogue });
      expect(await page.evaluate('document.documentElement.scrollWidth'), name).toBeLessThanOrEqual(width);
      // What keeps people out is the same at every width of these, and takes long to look for.
      if (width === 900) expect(await findBarriers(page), name).toEqual([]);
    };
    await signIn(page, stack, 'Operator', '/customers');
    for (const tour of [tourLicence, tourExplain, tourOffers, tourImport]) await tour(page, take);
    // Those that somebody else was quicker for, and that the service finds wrong.
    forgetFailedRequests();
    expect(problems).toEqual([]);
    await context.close();
  });
});
