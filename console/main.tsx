/**
 * The entry of the console, the web page for operators. console/ holds browser code only; it imports nothing of the gateway but
 * schemas/, and knows the gateway by its operator API. What runs in Node belongs elsewhere.
 */
import { render } from 'preact';
import './styles/main.css';
import { App } from './app.js';
import { startTheme } from './parts/theme.js';
import { addressOf } from './session/base.js';
import { keptKey, keyOfOtherTab } from './session/keptKey.js';
import { signIn, tick } from './session/session.js';

// The key comes in the fragment, which browsers do not send to a server. It is removed from the address bar at once.
const fragment = new URLSearchParams(location.hash.slice(1));
const fromLink = fragment.get('key');
if (fromLink !== null) history.replaceState(null, '', location.pathname + location.search);

// A relative address would mean another file on each page.
const icon = document.querySelector<HTMLLinkElement>('link[rel="icon"]');
if (icon !== null) icon.href = addressOf('/favicon.svg');

startTheme();
const given = fromLink ?? keptKey() ?? (await keyOfOtherTab());
if (given !== null) void signIn(given);
render(<App />, document.getElementById('app') as HTMLElement);
setInterval(tick, 1_000);
