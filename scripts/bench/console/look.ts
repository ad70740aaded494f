import type { Page } from 'playwright-core';
import type { GatewayBody } from '../../../schemas/generated/operator.js';
import { openBrowser } from '../../../tests/console/browser.js';
import type { GatewayProcess } from '../../../tests/rig/gatewayProcess.js';

/** A longer task of the page is felt as a delay (docs/decisions/0039). */
export const longTaskMs = 100;

/** What was measured on one page. */
export interface Seen {
  page: string;
  longestMs: number;
  /** How many tasks were longer than `longTaskMs`. */
  longTasks: number;
  /** The gateway's own figure at the end of the look. */
  readingsPerSecond: number;
}

/** A browser with one page of the console, which records the tasks of its main thread that are longer than 50 ms. */
export interface Look {
  page: Page;
  seen: Seen[];
  /** Notes the tasks since the note before, under this name. */
  note(name: string): Promise<void>;
}

/** Opens a browser, without any page of the console yet, for as long as `use` takes. */
export async function lookAt<Result>(gateway: GatewayProcess, use: (look: Look) => Promise<Result>): Promise<Result> {
  const browser = await openBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    page.setDefaultTimeout(60_000);
    await page.addInitScript(
      `globalThis.tasks = [];
       new PerformanceObserver((list) => tasks.push(...list.getEntries().map((task) => task.duration))).observe({ type: 'longtask', buffered: true });`,
    );
    const seen: Seen[] = [];
    const note = async (name: string): Promise<void> => {
      const tasks = (await page.evaluate('tasks.splice(0)')) as number[];
      const longTasks = tasks.filter((ms) => ms > longTaskMs).length;
      const { readingsPerSecond } = await gateway.api<GatewayBody>('GET', '/v1/gateway');
      seen.push({ page: name, longestMs: Math.max(0, ...tasks), longTasks, readingsPerSecond });
    };
    return await use({ page, seen, note });
  } finally {
    await browser.close();
  }
}

/** Goes to a page by its link in the navigation. */
export const goTo = (page: Page, name: string): Promise<void> =>
  page.getByRole('navigation').getByRole('link', { name, exact: true }).click();

/** Sorts the list of devices by the latest value of a metric, then by last seen, and looks at it for `shareMs` each. */
export async function sortDevices({ page, note }: Look, metric: string, shareMs: number): Promise<void> {
  await page.getByLabel('Sort by latest value').selectOption(`m.${metric}`);
  await page.waitForTimeout(shareMs);
  await note('devices, sorted by value');
  await page.getByRole('button', { name: 'Last seen' }).click();
  await page.waitForTimeout(shareMs);
  await note('devices, sorted by last seen');
}
