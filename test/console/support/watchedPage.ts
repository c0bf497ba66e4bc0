import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';
import type { Stack } from '../../../src/dev/stack.ts';
import type { OperatorRole } from '../../../src/operators/access/roles.ts';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** WCAG 2.2 AA, and what axe calls good practice. */
const AXE_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

/** Milliseconds: only a page that hangs reaches it. */
const LONGEST = 120_000;

/** A page of which everything that must not happen is noted. */
export interface WatchedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Console errors, uncaught errors, violations of the security policy, requests to other origins. */
  readonly problems: readonly string[];
  /** Those of failed requests are expected while a test makes requests fail. */
  readonly forgetFailedRequests: () => void;
}

type Where = Pick<Stack, 'serviceUrl' | 'issuer'>;

/** A browser of somebody's own: no cookie, no storage, nothing cached. */
export async function openPage(
  browser: Browser,
  { serviceUrl, issuer }: Where,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ locale: 'en-GB', ...options });
  context.setDefaultTimeout(LONGEST);
  await context.grantPermissions(['clipboard-read', 'clipboard-write']);
  const page = await context.newPage();
  const problems: string[] = [];
  const allowed = [serviceUrl, issuer.url].map((url) => new URL(url).origin);
  page.on('console', (message) => {
    // Violations of the security policy are among them.
    if (['error', 'warning'].includes(message.type())) problems.push(`${message.type()}: ${message.text()}`);
  });
  page.on('pageerror', (error) => problems.push(`uncaught: ${error.message}`));
  context.on('request', (request) => {
    const { origin, protocol } = new URL(request.url());
    if (protocol !== 'data:' && !allowed.includes(origin)) problems.push(`request to ${request.url()}`);
  });
  const forgetFailedRequests = () => {
    const others = problems.filter((problem) => !problem.startsWith('error: Failed to load resource'));
    problems.splice(0, problems.length, ...others);
  };
  return { page, context, problems, forgetFailedRequests };
}

/** Opens the console and signs in, as a person does. @param path below `/console` */
export async function signIn(page: Page, { serviceUrl }: Where, role: OperatorRole, path = ''): Promise<void> {
  await page.goto(`${serviceUrl}/console${path}`);
  await chooseRole(page, role);
}

/** On the directory's page. */
export async function chooseRole(page: Page, role: OperatorRole): Promise<void> {
  await page.getByRole('button', { name: `Be ${role}` }).click();
  await page.getByRole('navigation', { name: 'Pages' }).waitFor();
}

/** Waits until nothing is being loaded any more. */
export async function settle(page: Page): Promise<void> {
  await page.locator('h1').first().waitFor();
  await page.locator('.loading').first().waitFor({ state: 'detached' });
}

interface AxeResults {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

/** What axe-core finds wrong with the page as it is: the rule, and where. */
export async function findBarriers(page: Page): Promise<readonly string[]> {
  await page.evaluate(AXE);
  const found = await page.evaluate<AxeResults>(`axe.run(document, { runOnly: ${JSON.stringify(AXE_TAGS)} })`);
  return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}
