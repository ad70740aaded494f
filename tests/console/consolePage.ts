/**
 * Pages of the console for its tests. tests/console/ has the tests that need a browser and a gateway. Tests of the console's logic are
 * beside its code, in console/.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { packageRoot } from '../../schemas/load.js';

/** How long a page may take to show something. It is long because the machine may be busy. */
const patienceMs = 60_000;
const axeSource = readFileSync(join(packageRoot, 'node_modules', 'axe-core', 'axe.min.js'), 'utf8');

export interface WatchedPage {
  page: Page;
  /** Errors in the browser's console, exceptions, and violations of the content security policy. */
  problems: string[];
}

/** Opens a page of the console and records its errors. */
export async function openConsole(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 800 }, ...options });
  page.setDefaultTimeout(patienceMs);
  const problems: string[] = [];
  await page.exposeFunction('noteProblem', (text: string) => void problems.push(text));
  await page.addInitScript(
    `document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) =>
      noteProblem('policy: ' + violatedDirective + ' ' + blockedURI))`,
  );
  page.on('console', (message) => message.type() === 'error' && problems.push(message.text()));
  page.on('pageerror', (error) => problems.push(error.message));
  await page.goto(url);
  return { page, problems };
}

interface Violation {
  id: string;
  impact: string | null;
  nodes: { html: string; failureSummary?: string }[];
}

/** What axe-core finds on the page as it is, of any impact, and whether the page is wider than the screen. */
export async function pageFindings(page: Page): Promise<string[]> {
  const { pathname, search } = new URL(page.url());
  const place = `${pathname}${search} at ${page.viewportSize()?.width} px`;
  const width = (await page.evaluate('document.documentElement.scrollWidth - innerWidth')) as number;
  const wide = width > 0 ? [`${place} is ${width} px too wide`] : [];
  return [...wide, ...(await violationsOf(page, {})).map((one) => `${place}: ${textOf(one)}`)];
}

/** What axe-core finds serious or critical on the page as it is. With `coloursOnly` it checks only the contrast of colours. */
export async function seriousFindings(page: Page, coloursOnly: boolean): Promise<string[]> {
  const found = await violationsOf(page, coloursOnly ? { runOnly: ['color-contrast'] } : {});
  return found.filter(({ impact }) => impact === 'serious' || impact === 'critical').map(textOf);
}

async function violationsOf(page: Page, options: object): Promise<Violation[]> {
  await page.evaluate(axeSource);
  const run = `axe.run(document, ${JSON.stringify({ resultTypes: ['violations'], ...options })})`;
  return ((await page.evaluate(run)) as { violations: Violation[] }).violations;
}

const textOf = ({ id, nodes }: Violation): string => `${id}: ${nodes[0].html} ${nodes[0].failureSummary ?? ''}`;
