import type { Links } from './links.js';

export interface DrainOptions {
  links: Links;
  /** Resolves when everything that was taken in is committed or has failed. */
  drained(): Promise<void>;
  random(): number;
  /** Per 1,000 links. */
  spreadMs: number;
  deadlineMs: number;
}

const stepMs = 20;

/**
 * Closes every link with 4000, each after its last answer. The closes are spread over time, and each carries the time after which
 * the device should come back, so that a fleet returns in a ramp.
 */
export async function drainLinks({ links, drained, random, spreadMs, deadlineMs }: DrainOptions): Promise<void> {
  const all = links.all();
  const wholeMs = Math.min((spreadMs * all.length) / 1000, deadlineMs / 2);
  const steps = Math.max(1, Math.ceil(wholeMs / stepMs));
  const perStep = Math.ceil(all.length / steps);
  for (let at = 0; at < all.length; at += perStep) {
    for (const link of all.slice(at, at + perStep)) link.drain('restarting', 500 + random() * (1_000 + wholeMs));
    if (at + perStep < all.length) await new Promise((resolve) => setTimeout(resolve, stepMs));
  }
  const late = new Promise((resolve) => setTimeout(resolve, deadlineMs / 2).unref());
  await Promise.race([drained(), late]);
  for (const link of links.all()) link.end('restarting', 1_000);
}
