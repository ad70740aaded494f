import { type Browser, chromium } from 'playwright-core';

/** Starts Debian's Chromium (package chromium) without anything that would connect to the Internet. */
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
