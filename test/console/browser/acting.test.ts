import { describe, expect, test } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { operate } from '../../operators/useStack.ts';
import { hasNoBrowser, useConsoleScene } from '../support/consoleScene.ts';
import { useVisits } from '../support/visits.ts';
import { findBarriers, settle } from '../support/watchedPage.ts';

const scene = useConsoleScene();
const { enter } = useVisits(scene);

const REASON = 'Agreed with the customer.';

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { level: 1, name });

/** Opens a dialogue, which must keep nobody out. */
async function openDialogue(page: Page, button: string): Promise<Locator> {
  await page.getByRole('button', { name: button }).click();
  const dialogue = page.getByRole('dialog');
  await dialogue.waitFor();
  return dialogue;
}

/** Gives the reason, and does it. */
async function confirm(dialogue: Locator, button: string): Promise<void> {
  expect(await findBarriers(dialogue.page())).toEqual([]);
  await dialogue.getByLabel('Reason').fill(REASON);
  await dialogue.getByRole('button', { name: button, exact: true }).click();
  await dialogue.waitFor({ state: 'detached' });
}

async function read(path: string): Promise<Record<string, unknown>> {
  const { body } = await operate(scene().stack, `GET /${path}`);
  return body;
}

const licence = async (id: string) => (await read(`licences/${id}`))['licence'] as Record<string, unknown>;

/** Changes a licence as another operator does, whatever its version. */
async function patch(id: string, body: object): Promise<void> {
  const answer = await operate(scene().stack, `PATCH /licences/${id}`, { body, headers: { 'If-Match': '*' } });
  expect(answer.status).toBe(200);
}

const commandOf = (dialogue: Locator) => dialogue.locator('.command code').innerText();

describe.skipIf(hasNoBrowser)('changing a licence, in Chromium', () => {
  test('seats are raised and lowered: the effect is told first, the command is shown, and the page says what was done', async () => {
    const { page } = await enter('Operator', '/licences/fabrikam-2026');
    const dialogue = await openDialogue(page, 'Change the seats');
    await dialogue.getByText('Nothing is different').waitFor();
    expect(await dialogue.getByRole('button', { name: 'Change the seats', exact: true }).isDisabled()).toBe(true);
    await dialogue.getByLabel('Seats').fill('2');
    await dialogue.getByText('3 VMs hold a seat now. That is 1 more than 2. No VM is stopped').waitFor();
    expect(await dialogue.locator('.changed').innerText()).toBe('Seats: 3 → 2');
    expect(await commandOf(dialogue)).toBe('countersign licences set fabrikam-2026 --seats=2 --yes');
    await dialogue.getByLabel('Seats').fill('4');
    await dialogue.getByText('3 VMs hold a seat now. With 4, there is room for 1 more.').waitFor();
    expect(await commandOf(dialogue)).toBe('countersign licences set fabrikam-2026 --seats=4');
    await confirm(dialogue, 'Change the seats');
    await page.getByText('The licence has 4 seats now.').waitFor();
    await page.getByText('3 of 4 seats taken').waitFor();
    expect(await page.evaluate('document.activeElement.textContent')).toContain('Change the seats');
    expect(await licence('fabrikam-2026')).toMatchObject({ seats: 4 });
    const changes = (await read('changes'))['items'] as { reason: string }[];
    expect(changes[0]).toMatchObject({ reason: REASON, old: { seats: 3 }, new: { seats: 4 } });
    await patch('fabrikam-2026', { seats: 3 });
  });

  test('a licence is suspended, resumed, revoked, and ends on another day', async () => {
    const { page } = await enter('Admin', '/licences/fabrikam-2026');
    const state = page.locator('main > .state').first();
    for (const [button, verb, said, word] of [
      ['Suspend', 'Suspend', 'The licence is suspended now.', 'suspended'],
      ['Resume', 'Resume', 'The licence is active now.', 'active'],
      ['Revoke', 'Revoke', 'The licence is revoked now.', 'revoked'],
      ['Resume', 'Resume', 'The licence is active now.', 'active'],
    ] as const) {
      const dialogue = await openDialogue(page, button);
      await dialogue
        .getByText(verb === 'Resume' ? 'VMs get licences under it again.' : '3 VMs, denied at their next renewal.')
        .waitFor();
      await confirm(dialogue, verb);
      await page.getByText(said).waitFor();
      await expect.poll(() => state.innerText()).toBe(word);
    }
    const dialogue = await openDialogue(page, 'Change the end');
    await dialogue.getByLabel('End in UTC').fill('2027-12-31T12:30');
    await dialogue.getByText('From the new end on, VMs are denied.').waitFor();
    expect(await commandOf(dialogue)).toBe('countersign licences set fabrikam-2026 --valid-until=2027-12-31T12:30:00Z');
    await confirm(dialogue, 'Change the end');
    await page.getByText('The licence has a new end.').waitFor();
    expect(await licence('fabrikam-2026')).toMatchObject({ validUntil: '2027-12-31T12:30:00Z', status: 'active' });
  });
});

describe.skipIf(hasNoBrowser)('dialogues, in Chromium', () => {
  test('a licence is deleted by whoever types its id', async () => {
    const { page } = await enter('Operator', '/licences/wingtip');
    const dialogue = await openDialogue(page, 'Delete');
    await dialogue.getByText('No VM holds a seat now.').waitFor();
    const button = dialogue.getByRole('button', { name: 'Delete', exact: true });
    expect(await button.isDisabled()).toBe(true);
    await dialogue.getByLabel('Type wingtip to confirm').fill('wingtip');
    await confirm(dialogue, 'Delete');
    await page.getByText('The licence is deleted.').waitFor();
    expect((await operate(scene().stack, 'GET /licences/wingtip')).status).toBe(404);
    await page.getByRole('link', { name: 'Look at the other customers' }).click();
    await settle(page);
    expect(await page.getByText('Wingtip Toys').count()).toBe(0);
  });
});

describe.skipIf(hasNoBrowser)('two operators at once, in Chromium', () => {
  test('where somebody else was quicker nothing is written: both versions stand side by side, and the change begins again', async () => {
    const { page, forgetFailedRequests } = await enter('Operator', '/licences/northwind');
    const dialogue = await openDialogue(page, 'Change the seats');
    await dialogue.getByLabel('Seats').fill('300');
    await dialogue.getByText('No VM holds a seat now.').waitFor();
    await patch('northwind', { seats: 275, note: '<b>Not</b> \u202Eagreed' });
    await dialogue.getByRole('button', { name: 'Change the seats', exact: true }).click();
    await dialogue.getByText('Nothing was written.').waitFor();
    const rows = dialogue.getByRole('row');
    await rows.nth(2).waitFor();
    const cells = [
      await rows.nth(1).locator('th, td').allInnerTexts(),
      await rows.nth(2).locator('th, td').allInnerTexts(),
    ];
    expect(cells).toEqual([
      ['Seats', '250', '300', '275'],
      ['Note', 'none', '–', '<b>Not</b> \\u202eagreed'],
    ]);
    expect(await findBarriers(page)).toEqual([]);
    forgetFailedRequests();
    expect(await licence('northwind')).toMatchObject({ seats: 275 });
    await dialogue.getByRole('button', { name: 'Start again' }).click();
    await dialogue.getByText('Seats: 275 → 300').waitFor();
    await confirm(dialogue, 'Change the seats');
    await page.getByText('The licence has 300 seats now.').waitFor();
    expect(await licence('northwind')).toMatchObject({ seats: 300, note: '<b>Not</b> \u202Eagreed' });
  });

  test('what somebody else has deleted is said to be gone', async () => {
    const where = { cloud: 'emulator', subscription: 'dddddddd-0000-4000-8000-000000000099' };
    const body = { id: 'gone', ...where, offer: 'contoso/gateway/standard', seats: 1 };
    expect((await operate(scene().stack, 'PUT /licences/gone', { body })).status).toBe(201);
    const { page, forgetFailedRequests } = await enter('Operator', '/licences/gone');
    await heading(page, 'gone').waitFor();
    await operate(scene().stack, 'DELETE /licences/gone', { headers: { 'If-Match': '*' } });
    const dialogue = await openDialogue(page, 'Suspend');
    await dialogue.getByText('There is no licence with this id.').waitFor();
    await dialogue.getByRole('button', { name: 'Cancel' }).click();
    await dialogue.waitFor({ state: 'detached' });
    await page.getByRole('main').getByText('There is no licence with this id.').waitFor();
    forgetFailedRequests();
  });
});

describe.skipIf(hasNoBrowser)('leaving things as they are, in Chromium', () => {
  test('Escape closes a dialogue, changes nothing, and gives the keyboard back', async () => {
    const { page } = await enter('Operator', '/licences/northwind');
    const dialogue = await openDialogue(page, 'Revoke');
    await page.keyboard.press('Escape');
    await dialogue.waitFor({ state: 'detached' });
    expect(await page.evaluate('document.activeElement.textContent')).toContain('Revoke');
    expect(await licence('northwind')).toMatchObject({ status: 'suspended' });
  });

  test('a Reader sees no button that changes anything', async () => {
    const { page } = await enter('Reader', '/licences/fabrikam-2026');
    await heading(page, 'Fabrikam Residences').waitFor();
    expect(await page.locator('.actions').count()).toBe(0);
    expect(await page.getByRole('button', { name: '…' }).count()).toBe(0);
  });
});

describe.skipIf(hasNoBrowser)('curing a refusal, in Chromium', () => {
  test('a customer is found by name, the refusal explained, the seats raised, and the VM is licensed', async () => {
    expect(await scene().bootByClient('sixth')).toMatchObject({ state: 'denied', code: 'seats_exhausted' });
    const { page } = await enter('Operator');
    await page.keyboard.press('/');
    await page.keyboard.type('fabrikam res');
    await page.keyboard.press('Enter');
    await page
      .getByRole('main')
      .getByRole('link', { name: /Fabrikam Residences|fabrikam-2026/ })
      .first()
      .click();
    await heading(page, 'Fabrikam Residences').waitFor();
    await page.getByRole('link', { name: 'its decisions' }).click();
    await page.getByRole('row').filter({ hasText: 'seats_exhausted' }).getByRole('link').first().click();
    await heading(page, /seat/i).waitFor();
    const dialogue = await openDialogue(page, 'Raise the seats');
    await dialogue.getByText('Seats: 3 → 4').waitFor();
    await confirm(dialogue, 'Change the seats');
    await page.locator('.present').getByText('granted', { exact: true }).waitFor();
    await page.getByText('The licence has 4 seats now.').waitFor();
    expect(await page.locator('.present .actions').count()).toBe(0);
    expect(await findBarriers(page)).toEqual([]);
    expect(await scene().bootByClient('sixth')).toMatchObject({ state: 'licensed' });
    await page.getByRole('link', { name: 'Fabrikam Residences' }).click();
    await page.getByText('4 of 4 seats taken').waitFor();
    await patch('fabrikam-2026', { seats: 3 });
  });
});

describe.skipIf(hasNoBrowser)('offers, in Chromium', () => {
  test('an offer is created and changed: the service judges it while it is typed, beside its fields', async () => {
    const { page, forgetFailedRequests } = await enter('Operator', '/offers');
    await page.getByRole('button', { name: 'New offer' }).click();
    await page.getByRole('textbox', { name: 'Offer', exact: true }).fill('contoso/gateway/premium');
    await page.getByLabel('Lifetime', { exact: true }).fill('PT1M');
    await page.getByText('Lifetime must be at least "PT5M".').waitFor();
    expect(await page.getByRole('button', { name: 'Create the offer' }).isDisabled()).toBe(true);
    expect(await findBarriers(page)).toEqual([]);
    forgetFailedRequests();
    await page.getByLabel('Lifetime', { exact: true }).fill('PT12H');
    await page.getByText('The service takes it so.').waitFor();
    const created = await openDialogue(page, 'Create the offer');
    expect(await commandOf(created)).toMatch(/^printf %s '\{"offers":\[\{.*\}\]\}' \| countersign apply - --yes$/);
    await created.getByText('VMs of the plan are judged by it from then on.').waitFor();
    await confirm(created, 'Create the offer');
    await heading(page, 'contoso/gateway/premium').waitFor();
    await page.getByText('The offer is created.').waitFor();
    await page.getByRole('button', { name: 'Change …' }).click();
    await page.getByLabel('Grace', { exact: true }).fill('P9D');
    const changed = await openDialogue(page, 'Review the change');
    await changed.getByText('Grace: ').waitFor();
    await changed.getByText('No customer has a licence under it.').waitFor();
    await changed.getByLabel('Type contoso/gateway/premium to confirm').fill('contoso/gateway/premium');
    await confirm(changed, 'Change the offer');
    await page.getByText('The offer is changed.').waitFor();
    expect((await read('offers/contoso/gateway/premium'))['offer']).toMatchObject({ lifetime: 'PT12H', grace: 'P9D' });
    const deleted = await openDialogue(page, 'Delete');
    await deleted.getByLabel('Type contoso/gateway/premium to confirm').fill('contoso/gateway/premium');
    await confirm(deleted, 'Delete');
    await page.getByText('The offer is deleted.').waitFor();
  });

  test('before an offer is suspended, the customers that it touches are told', async () => {
    const { page } = await enter('Admin', '/offers?offer=contoso/gateway/standard');
    const dialogue = await openDialogue(page, 'Suspend');
    await dialogue.getByText(/\d VMs, denied at their next renewal\./).waitFor();
    await dialogue.getByText(/customers are touched: .*fabrikam-2026/).waitFor();
    await dialogue.getByLabel('Type contoso/gateway/standard to confirm').fill('contoso/gateway/standard');
    await confirm(dialogue, 'Suspend');
    await page.getByText('The offer is suspended now.').waitFor();
    const again = await openDialogue(page, 'Resume');
    await again.getByLabel('Type contoso/gateway/standard to confirm').fill('contoso/gateway/standard');
    await confirm(again, 'Resume');
    await page.getByText('The offer is active now.').waitFor();
  });
});

describe.skipIf(hasNoBrowser)('two operators at one offer, in Chromium', () => {
  test('what somebody else changed meanwhile stays, under what was typed', async () => {
    const { page, forgetFailedRequests } = await enter('Operator', '/offers?offer=contoso/gateway/early&edit=1');
    await page.getByLabel('Key changes', { exact: true }).fill('3');
    const dialogue = await openDialogue(page, 'Review the change');
    const body = { grace: 'P3D' };
    const headers = { 'If-Match': '*' };
    await operate(scene().stack, 'PATCH /offers/contoso/gateway/early', { body, headers });
    await dialogue.getByLabel('Type contoso/gateway/early to confirm').fill('contoso/gateway/early');
    await dialogue.getByRole('button', { name: 'Change the offer', exact: true }).click();
    await dialogue.getByRole('row').filter({ hasText: 'Grace' }).waitFor();
    forgetFailedRequests();
    await dialogue.getByRole('button', { name: 'Start again' }).click();
    await dialogue.waitFor({ state: 'detached' });
    expect(await page.getByLabel('Grace', { exact: true }).inputValue()).toBe('P3D');
    expect(await page.getByLabel('Key changes', { exact: true }).inputValue()).toBe('3');
  });
});

const HEADER = 'id,cloud,subscription,offer,seats,note';
const lineOf = (id: string, number: number, seats: string) =>
  [
    id,
    'emulator',
    `eeeeeeee-0000-4000-8000-${String(number).padStart(12, '0')}`,
    'contoso/gateway/standard',
    seats,
    HOSTILE,
  ].join();
const HOSTILE = '<script>alert(1)</script>';

function csv(name: string, ...lines: readonly string[]) {
  return { name, mimeType: 'text/csv', buffer: Buffer.from([HEADER, ...lines].join('\r\n')) };
}

describe.skipIf(hasNoBrowser)('importing, in Chromium', () => {
  test('a file with an error applies nothing; corrected, its rows are seen, old and new, and applied', async () => {
    const { page, forgetFailedRequests } = await enter('Operator', '/import');
    const choose = page.getByLabel('Drop a file of licences here');
    await choose.setInputFiles(csv('new.csv', lineOf('import-1', 1, '5'), lineOf('import-2', 2, 'many')));
    await page.getByText('1 problem. Nothing was written.').waitFor();
    const problem = page.getByRole('row').nth(1);
    const [line, message, quoted] = await problem.locator('th, td').allInnerTexts();
    expect([line, message]).toEqual(['3', expect.stringMatching(/^seats must be /)]);
    expect(quoted).toMatch(/^import-2,emulator,/);
    expect(await page.getByRole('button', { name: 'Apply the file' }).count()).toBe(0);
    expect(await findBarriers(page)).toEqual([]);
    forgetFailedRequests();
    expect((await operate(scene().stack, 'GET /licences/import-1')).status).toBe(404);
    await choose.setInputFiles(csv('new.csv', lineOf('import-1', 1, '5'), lineOf('import-2', 2, '6')));
    await page.getByText('Licences: 2 created, 0 changed, 0 as they are.').waitFor();
    const dialogue = await openDialogue(page, 'Apply the file');
    expect(await commandOf(dialogue)).toBe('countersign licences import new.csv --yes');
    await confirm(dialogue, 'Apply the file');
    await page.getByText('The file is applied.').waitFor();
    expect(await licence('import-2')).toMatchObject({ seats: 6, note: HOSTILE });
    await choose.setInputFiles(csv('new.csv', lineOf('import-1', 1, '5'), lineOf('import-2', 2, '1')));
    await page.getByText('1 row takes something away').waitFor();
    await page.getByRole('row').filter({ hasText: 'import-2' }).getByText('Seats: 6 → 1').waitFor();
    expect(await findBarriers(page)).toEqual([]);
  });

  test('a file of thousands of rows is shown by pages', async () => {
    const { page } = await enter('Admin', '/import');
    const lines = Array.from({ length: 1_800 }, (_, index) => lineOf(`many-${index}`, 1_000 + index, '1'));
    await page.getByLabel('Drop a file of licences here').setInputFiles(csv('many.csv', ...lines));
    await page.getByText('1 to 50 of 1800').waitFor();
    await page.getByRole('button', { name: 'Next' }).press('Enter');
    await page.getByText('51 to 100 of 1800').waitFor();
    expect(await page.getByRole('row').count()).toBe(51);
    expect(await findBarriers(page)).toEqual([]);
  });

  test('a file is dropped onto the page', async () => {
    const { page } = await enter('Operator', '/import');
    const text = JSON.stringify([HEADER, lineOf('dropped', 9, '3')].join('\n'));
    const files = await page.evaluateHandle(`(() => {
      const data = new DataTransfer();
      data.items.add(new File([${text}], 'dropped.csv'));
      return data;
    })()`);
    await page.dispatchEvent('.drop', 'drop', { dataTransfer: files });
    await page.getByText('Licences: 1 created').waitFor();
  });

  test('a Reader finds no way there', async () => {
    const { page } = await enter('Reader', '/import');
    await page.getByText('Your role cannot import.').waitFor();
    expect(await page.getByRole('link', { name: 'Import' }).count()).toBe(0);
    expect(await findBarriers(page)).toEqual([]);
  });
});
