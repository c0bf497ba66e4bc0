import { describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { OPERATOR_ROLES } from '../../../src/operators/access/roles.ts';
import { operate } from '../../operators/useStack.ts';
import { HOSTILE_NOTE, OTHER_VM_ID, VM_ID, hasNoBrowser, useConsoleScene } from '../support/consoleScene.ts';
import { useVisits } from '../support/visits.ts';
import { chooseRole, findBarriers, settle, signIn } from '../support/watchedPage.ts';

const scene = useConsoleScene();
const { open, enter } = useVisits(scene);

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });

describe.skipIf(hasNoBrowser)('signing in, in Chromium', () => {
  test.each(OPERATOR_ROLES)('%s signs in, and sees the buttons that the role can use', async (role) => {
    const { page } = await enter(role, `/vms/${VM_ID}`);
    expect(await page.getByText(`${role} on this machine`).count()).toBe(1);
    const { stack } = scene();
    const [activation] = (await operate(stack, `GET /activations?vmId=${VM_ID}`)).body['items'] as {
      licence: string;
    }[];
    expect(activation?.licence).toBe('fabrikam-2026');
    await page.getByRole('heading', { name: 'fabrikam-2026' }).waitFor();
    expect(await page.getByRole('button', { name: 'Block this VM' }).count()).toBe(role === 'Reader' ? 0 : 1);
    expect(await findBarriers(page)).toEqual([]);
  });

  test('nothing of a sign-in stays behind, and after a reload somebody signs in again and comes back to the same page', async () => {
    const { page } = await enter('Reader', '/decisions?code=sku_not_allowed');
    const stored = () => page.evaluate('JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie])');
    expect(await stored()).toBe('[{},{},""]');
    expect(page.url()).toBe(`${scene().stack.serviceUrl}/console/decisions?code=sku_not_allowed`);
    await page.reload();
    await chooseRole(page, 'Reader');
    await heading(page, 'Decisions').waitFor();
    expect(page.url()).toContain('/console/decisions?code=sku_not_allowed');
    expect(await stored()).toBe('[{},{},""]');
  });

  test('an answer that this page did not ask for signs nobody in', async () => {
    const { page } = await open();
    await page.goto(`${scene().stack.serviceUrl}/console/?code=stolen&state=foreign`);
    await page.getByRole('button', { name: 'Be Reader' }).waitFor();
    await page.evaluate('1');
    await chooseRole(page, 'Reader');
    expect(page.url()).not.toContain('stolen');
  });

  test('a return path outside the console leads to the console', async () => {
    const { page, forgetFailedRequests } = await open();
    await page.goto(`${scene().stack.serviceUrl}/console/`);
    await page.getByRole('button', { name: 'Be Reader' }).waitFor();
    // The storage is of the console's origin.
    await page.goto(`${scene().stack.serviceUrl}/healthz`);
    await page.evaluate(`(() => {
      const pending = JSON.parse(sessionStorage.getItem('countersign.signIn'));
      sessionStorage.setItem('countersign.signIn', JSON.stringify({ ...pending, path: '//example.com/console/' }));
    })()`);
    await page.goBack();
    // The browser's own request for an icon.
    forgetFailedRequests();
    await chooseRole(page, 'Reader');
    expect(page.url()).toBe(`${scene().stack.serviceUrl}/console/`);
  });
});

describe.skipIf(hasNoBrowser)('reading, in Chromium', () => {
  test('a licence is found in the list and opened; filters are in the address, and Back works', async () => {
    const { page } = await enter('Reader', '/customers');
    await page.getByLabel('Words of').fill('fabri');
    await page.getByText('1 licence', { exact: true }).waitFor();
    expect(page.url()).toContain('/console/customers?words=fabri');
    await page.getByRole('link', { name: 'Fabrikam Residences' }).click();
    await heading(page, 'Fabrikam Residences').waitFor();
    await page.getByText('3 of 3 seats taken').waitFor();
    await settle(page);
    expect(await page.getByRole('region', { name: 'VMs' }).getByRole('row').count()).toBe(4);
    expect(await findBarriers(page)).toEqual([]);
    await page.goBack();
    await page.getByText('1 licence', { exact: true }).waitFor();
    await page.getByLabel('State').selectOption('suspended');
    await page.getByText('No licence fits.').waitFor();
    expect(page.url()).toContain('state=suspended');
    await page.getByLabel('State').selectOption('offer_suspended');
    await page.getByLabel('Words of').fill('');
    await page.getByRole('row').filter({ hasText: 'offer suspended' }).getByRole('link', { name: 'retired' }).waitFor();
  });

  test('a refusal is explained: the check that failed is open, and what would be decided now stands beneath', async () => {
    const { page } = await enter('Reader', '/decisions');
    await page.getByLabel('Code').selectOption('sku_not_allowed');
    await page.getByRole('row').filter({ hasText: 'sku_not_allowed' }).getByRole('link').first().click();
    await heading(page, /sku/i).waitFor();
    expect(await page.locator('details[open]').count()).toBe(1);
    expect(await page.locator('.present').innerText()).toContain('sku_not_allowed');
    expect(await findBarriers(page)).toEqual([]);
    await page.goBack();
    expect(await page.getByLabel('Code').inputValue()).toBe('sku_not_allowed');
  });

  test('decisions are followed live', async () => {
    const { page } = await enter('Reader', '/decisions?code=sku_not_allowed');
    const before = await page.getByRole('row').count();
    await scene().boot('fifth');
    await expect.poll(() => page.getByRole('row').count()).toBeGreaterThan(before);
  });
});

describe.skipIf(hasNoBrowser)('writing, in Chromium', () => {
  test('a VM is blocked with a reason, which the command repeats, and let in again', async () => {
    const { page } = await enter('Operator', `/vms/${VM_ID}`);
    await page.getByRole('button', { name: 'Block this VM' }).click();
    const dialogue = page.getByRole('dialog', { name: 'Block this VM?' });
    await dialogue.getByText('1 VM, denied at its next renewal').waitFor();
    await dialogue.getByLabel('Reason').fill(`It's ours; "we" pay $0`);
    expect(await dialogue.locator('.command code').innerText()).toBe(
      `countersign activations block ${VM_ID} --licence=fabrikam-2026 --yes '--reason=It'\\''s ours; "we" pay $0'`,
    );
    expect(await findBarriers(page)).toEqual([]);
    await dialogue.getByRole('button', { name: 'Block', exact: true }).click();
    await page.getByText('blocked', { exact: true }).waitFor();
    const answer = await scene().boot('first');
    expect([answer.status, answer.body['code']]).toEqual([403, 'vm_blocked']);
    await page.getByRole('button', { name: 'Unblock this VM' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Unblock', exact: true }).click();
    await page.getByRole('button', { name: 'Block this VM' }).waitFor();
  });

  test('a change of what somebody else has changed is not written, and both versions are shown', async () => {
    const { page, forgetFailedRequests } = await enter('Operator', `/vms/${OTHER_VM_ID}`);
    await page.getByRole('button', { name: 'Block this VM' }).click();
    const dialogue = page.getByRole('dialog', { name: 'Block this VM?' });
    await dialogue.getByText('denied at its next renewal').waitFor();
    const [vm] = (await operate(scene().stack, `GET /activations?vmId=${OTHER_VM_ID}`)).body['items'] as {
      id: string;
    }[];
    const id = vm?.id ?? '';
    expect((await operate(scene().stack, `POST /activations/${id}/release`)).status).toBe(200);
    await dialogue.getByRole('button', { name: 'Block', exact: true }).click();
    await dialogue.getByText('Nothing was written.').waitFor();
    expect(await dialogue.getByRole('row').filter({ hasText: 'Seat' }).getByRole('cell').last().innerText()).toBe(
      'none',
    );
    forgetFailedRequests();
    expect(await findBarriers(page)).toEqual([]);
    await dialogue.getByRole('button', { name: 'Start again' }).click();
    await dialogue.getByText('denied at its next renewal').waitFor();
    await dialogue.getByRole('button', { name: 'Block', exact: true }).click();
    await page.getByText('The VM is blocked now.').waitFor();
    await page.getByText('blocked', { exact: true }).waitFor();
  });
});

describe.skipIf(hasNoBrowser)('hostile text, in Chromium', () => {
  test('what customers wrote is text: no markup, no other direction, no control, and nothing is wider than the page', async () => {
    const { page } = await open({ viewport: { width: 360, height: 740 } });
    await signIn(page, scene().stack, 'Reader', '/licences/hostile');
    await settle(page);
    const note = await page.locator('.note').innerText();
    expect(note).toContain('<script>alert(1)</script>');
    expect(note).toContain('\\u202eot tfel\\u202c');
    expect(note).toContain('\\u0007');
    expect(note).toContain('שלום');
    expect(HOSTILE_NOTE).toHaveLength(1_000);
    await heading(page, 'Ev\\u202eil <b>Customer</b>').waitFor();
    for (const path of ['licences/hostile', 'customers']) {
      if (!page.url().includes(path)) await page.getByRole('link', { name: 'Customers' }).click();
      await settle(page);
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(360);
      expect(await findBarriers(page)).toEqual([]);
    }
  });
});

describe.skipIf(hasNoBrowser)('where something fails, in Chromium', () => {
  test('without a network the page says so, and goes on when there is one', async () => {
    const { page, context, forgetFailedRequests } = await enter('Reader');
    await context.setOffline(true);
    await page.getByRole('link', { name: 'Offers' }).click();
    await page.getByRole('heading', { name: 'The service does not answer' }).waitFor();
    expect(await findBarriers(page)).toEqual([]);
    await context.setOffline(false);
    forgetFailedRequests();
    await page.getByRole('button', { name: 'Try again' }).click();
    await page.getByRole('row').filter({ hasText: 'contoso/gateway/retired' }).waitFor();
  });

  test.each([
    [401, 'token_invalid', 'Your sign-in has ended'],
    [403, 'role_missing', 'Your role does not allow this'],
    [503, 'store_unavailable', 'The store does not answer'],
  ])('%i %s is told with what to do', async (status, code, title) => {
    const { page, forgetFailedRequests } = await enter('Reader');
    const problem = { status, code, title, detail: 'What to do.', correlationId: VM_ID };
    await page.route('**/operator/v1/offers*', (route) => route.fulfill({ status, json: problem }));
    await page.getByRole('link', { name: 'Offers' }).click();
    await page.getByRole('heading', { name: title }).waitFor();
    forgetFailedRequests();
    expect(await findBarriers(page)).toEqual([]);
    if (status !== 401) return;
    await page.unroute('**/operator/v1/offers*');
    await page.getByRole('button', { name: 'Sign in again' }).click();
    await chooseRole(page, 'Reader');
    await heading(page, 'Offers').waitFor();
  });

  test('after signing out the page shows nothing, and signing in comes back', async () => {
    const { page } = await enter('Reader', '/keys');
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByText('You are signed out of this page.').waitFor();
    expect(await page.locator('table').count()).toBe(0);
    expect(await findBarriers(page)).toEqual([]);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await chooseRole(page, 'Admin');
    await heading(page, 'Keys').waitFor();
  });
});
