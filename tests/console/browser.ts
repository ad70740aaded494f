import { type Browser, chromium } from 'playwright-core';

/** Debian's Chromium, without anything that would look outside. Needs the package chromium. */
export function openBrowser(): Promise<Browser> {
  const quiet = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ];
  return chromium.launch({ executablePath: '/usr/bin/chromium', args: quiet });
}
