import { render } from 'preact';
import './main.css';
import './styles/forms.css';
import './styles/commands.css';
import { App } from './app.js';
import { filter, search, select, selected, signIn, tick } from './state.js';

// The key comes in the fragment, which never reaches a server, and leaves the address bar at once.
const fragment = new URLSearchParams(location.hash.slice(1));
const given = fragment.get('key') ?? sessionStorage.getItem('tidegate.key');
const query = new URLSearchParams(location.search);
search.value = query.get('q') ?? '';
const state = query.get('state');
if (state === 'online' || state === 'offline') filter.value = state;
const device = query.get('device');
history.replaceState(null, '', location.pathname + location.search);

render(<App />, document.getElementById('app') as HTMLElement);
if (given !== null) {
  signIn(given);
  if (device !== null) select(device);
}
setInterval(tick, 1_000);

/** What is shown is kept in the address, so that it can be passed on. */
function keepInAddress(): void {
  const kept = new URLSearchParams();
  if (search.value !== '') kept.set('q', search.value);
  if (filter.value !== 'all') kept.set('state', filter.value);
  if (selected.value !== null) kept.set('device', selected.value);
  const text = kept.toString();
  history.replaceState(null, '', location.pathname + (text === '' ? '' : `?${text}`));
}
for (const one of [search, filter, selected]) one.subscribe(keepInAddress);
