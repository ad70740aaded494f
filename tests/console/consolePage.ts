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

/** Where pictures for the pages of docs/ go; `npm run screenshot` sets it. Its name does not begin with TIDEGATE_, because the gateway reads such names as settings. */
export const picturesFolder = process.env.CONSOLE_PICTURES;

/** Keeps a picture of the page as it is, named after what it shows, its width and its theme, if pictures are wanted. */
export async function keepPicture(page: Page, name: string, colorScheme: 'light' | 'dark'): Promise<void> {
  if (picturesFolder === undefined) return;
  const path = join(picturesFolder, 'console', `${name}-${page.viewportSize()?.width}-${colorScheme}.jpg`);
  await page.screenshot({ path, quality: 60 });
}

interface Violation {
  id: string;
  impact: string | null;
  nodes: { html: string; failureSummary?: string }[];
}

/**
 * What axe-core finds on the page as it is, of any impact, and whether the page is wider than the screen. `exceptions` are the ids of
 * rules that the page is known to break; each of them must be broken, or it is a finding, too.
 */
export async function pageFindings(page: Page, exceptions: readonly string[] = []): Promise<string[]> {
  const { pathname, search } = new URL(page.url());
  const place = `${pathname}${search} at ${page.viewportSize()?.width} px`;
  const width = (await page.evaluate('document.documentElement.scrollWidth - innerWidth')) as number;
  const wide = width > 0 ? [`${place} is ${width} px too wide`] : [];
  const violations = await violationsOf(page);
  const mended = exceptions.filter((rule) => violations.every(({ id }) => id !== rule));
  return [
    ...wide,
    ...violations.filter(({ id }) => !exceptions.includes(id)).map((one) => `${place}: ${textOf(one)}`),
    ...mended.map((rule) => `${place}: ${rule} is no exception any more`),
  ];
}

async function violationsOf(page: Page): Promise<Violation[]> {
  await page.evaluate(axeSource);
  const run = `axe.run(document, ${JSON.stringify({ resultTypes: ['violations'] })})`;
  return ((await page.evaluate(run)) as { violations: Violation[] }).violations;
}

const textOf = ({ id, nodes }: Violation): string =>
  `${id}: ${nodes[0].html} ${nodes[0].failureSummary ?? ''} (${nodes.length} places)`;
