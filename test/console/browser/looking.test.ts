import { describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { OPERATOR_ROLES } from '../../../src/operators/access/roles.ts';
import { DAY } from '../../support/licensing.ts';
import { VM_ID, hasNoBrowser, useConsoleScene } from '../support/consoleScene.ts';
import { useVisits } from '../support/visits.ts';
import { chooseRole, findBarriers, settle } from '../support/watchedPage.ts';

const scene = useConsoleScene();
const { open, enter } = useVisits(scene);

const panel = (page: Page, name: string) => page.getByRole('region', { name });

const heading = (page: Page, name: string) => page.getByRole('heading', { level: 1, name });

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
      const { stack } = scene();
      const { page } = await open();
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

describe.skipIf(hasNoBrowser)('searching, in Chromium', () => {
  const find = async (page: Page, words: string) => {
    await page.keyboard.press('/');
    await page.keyboard.type(words);
    await page.keyboard.press('Enter');
  };

  test('one sure hit is opened, and Back leads to where the search was begun', async () => {
    const { page } = await enter('Reader', '/keys');
    await find(page, 'wingtip');
    await heading(page, 'Wingtip Toys').waitFor();
    await page.goBack();
    await heading(page, 'Keys').waitFor();
    await find(page, VM_ID);
    await heading(page, 'VM gateway first').waitFor();
    await find(page, 'c-4711');
    await heading(page, 'Fabrikam Residences').waitFor();
  });

  test('several are listed by kind, and the search is in the address', async () => {
    const { page } = await enter('Reader', '/search?q=toys');
    await panel(page, 'Licences').getByRole('link', { name: 'Tailspin Toys' }).waitFor();
    expect(await panel(page, 'Licences').getByRole('listitem').count()).toBe(2);
    expect(await findBarriers(page)).toEqual([]);
    await find(page, 'dddddddd');
    await panel(page, 'Subscriptions').getByRole('listitem').first().waitFor();
    expect(page.url()).toContain('/console/search?q=dddddddd');
    await panel(page, 'Subscriptions').getByRole('link', { name: /0006$/ }).click();
    await page.getByRole('link', { name: 'Adventure Works' }).waitFor();
    expect(page.url()).toContain('/console/customers?cloud=emulator&subscription=dddddddd-');
  });

  test('where nothing is found, the page says what is searched and what to try', async () => {
    const { page } = await enter('Reader', '/search?q=nobodyhere');
    await panel(page, 'Nothing was found').getByText('by the correlation id that the VM got').waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await find(page, 'eeeeeeee-0000-4000-8000-000000000001');
    await page.getByRole('link', { name: 'a VM' }).waitFor();
    await find(page, '?');
    await page.waitForURL('**/search?q=%3F');
    await panel(page, 'Nothing was found').waitFor();
    expect(await page.getByRole('link', { name: 'a VM' }).count()).toBe(0);
  });
});

describe.skipIf(hasNoBrowser)('customers and their licences, in Chromium', () => {
  test('customers have their seats and when they were seen, and filters and order are in the address', async () => {
    const { page } = await enter('Reader', '/customers');
    const adventure = page.getByRole('row').filter({ hasText: 'Adventure Works' });
    expect(await adventure.locator('td').nth(1).innerText()).toMatch(/^37\s+of 40$/);
    expect(await adventure.locator('td').nth(3).innerText()).toContain('ago');
    await page.getByLabel('In the order of').selectOption('end');
    await page.getByText('More filters').click();
    await page.getByLabel('Ends before').fill(new Date(Date.now() + 60 * DAY).toISOString().slice(0, 10));
    await page.getByLabel('State').selectOption('active');
    await page.getByText('2 licences', { exact: true }).waitFor();
    expect(await page.locator('tbody th a').allInnerTexts()).toEqual(['Adventure Works', 'Contoso Hotels']);
    expect(page.url()).toMatch(/sort=end&endsBefore=\d{4}-\d\d-\d\d&state=active$/);
    expect(await findBarriers(page)).toEqual([]);
    await page.getByLabel('Offer').fill('contoso/gateway');
    await page.getByText('Write the whole name of an offer').waitFor();
    await page.getByRole('button', { name: 'Marketplace' }).click();
    const subscription = page.getByRole('row').filter({ hasText: 'contoso/gateway/metered' });
    expect(await subscription.locator('td').nth(1).innerText()).toMatch(/^8\s+of unlimited$/);
    expect(page.url()).toContain('/console/customers?kind=marketplace');
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Trials' }).click();
    await page.getByText('No subscription has begun a trial.').waitFor();
  });

  test('a licence shows its seats over 30 days, who is refused under it, and what operators changed', async () => {
    const { page } = await enter('Reader', '/licences/contoso-hotels');
    await panel(page, 'Seats over 30 days').getByText('64 at the highest, 120 seats now').waitFor();
    await panel(page, 'Seats over 30 days').getByText('As a table').click();
    expect(await panel(page, 'Seats over 30 days').last().getByRole('row').count()).toBe(31);
    await panel(page, 'Refusals').getByRole('row').filter({ hasText: 'key_changed' }).first().waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await page.goto(`${scene().stack.serviceUrl}/console/licences/adventure`);
    await chooseRole(page, 'Reader');
    const raised = panel(page, 'Changes').getByRole('row').filter({ hasText: 'Bought ten more, order 5521' });
    expect(await raised.locator('.differences').innerText()).toMatch(/seats 30 → .*40/s);
    await panel(page, 'Changes').getByRole('link', { name: 'All of them' }).click();
    await heading(page, 'Changes').waitFor();
    expect(page.url()).toContain('/console/changes?kind=licence&key=adventure');
    await page.getByRole('link', { name: 'Show the others too' }).click();
    await page.getByRole('row').filter({ hasText: 'contoso-hotels' }).waitFor();
    await page.getByLabel('Of', { exact: true }).selectOption('offer');
    await page.getByRole('row').filter({ hasText: 'contoso/gateway/metered' }).waitFor();
    expect(await page.getByRole('row').filter({ hasText: 'licence created' }).count()).toBe(0);
    await page.getByLabel('To', { exact: true }).fill('2020-01-01');
    await page.getByText('Nothing was changed that fits.').waitFor();
    expect(page.url()).toContain('kind=offer&to=2020-01-01');
    expect(await findBarriers(page)).toEqual([]);
  });
});

describe.skipIf(hasNoBrowser)('VMs and keys, in Chromium', () => {
  test('a VM has its timeline, and the root key its whole thumbprint to copy', async () => {
    const { page } = await enter('Reader', `/vms/${VM_ID}`);
    await panel(page, 'What was decided').getByRole('link', { name: 'First licence issued' }).click();
    await page.getByRole('heading', { name: 'What was checked' }).waitFor();
    await page.goto(`${scene().stack.serviceUrl}/console/keys`);
    await chooseRole(page, 'Reader');
    await page.getByRole('button', { name: 'Copy the thumbprint' }).click();
    await page.getByText('Copied').waitFor();
    const copied = await page.evaluate<string>('navigator.clipboard.readText()');
    expect(copied).toMatch(/^[\w-]{43}$/);
    expect(await page.locator('.keybars').innerText()).toContain(copied.slice(0, 8));
    expect(await findBarriers(page)).toEqual([]);
  });
});
