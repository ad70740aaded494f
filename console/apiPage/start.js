// apiPage/ is the page /docs: Swagger UI with the operator API's OpenAPI document, and nothing of the console but its key and its theme.
// If someone is signed in to the console in this browser, requests from this page are sent with that key.
// This page is at PATH/docs, so its folder is the path below which the gateway is reached (console/session/base.ts).
const { href: folder, pathname: base } = new URL('.', location.href);
const name = base === '/' ? 'tidegate.key' : `tidegate.key ${base}`;
const theme = localStorage.getItem('tidegate.theme');
const dark = theme === null ? matchMedia('(prefers-color-scheme: dark)').matches : theme === 'dark';
document.documentElement.classList.toggle('dark-mode', dark);

/** The key of this tab or computer, else that of another tab of the console, which answers within 200 ms (console/session/keptKey.ts). */
function findKey() {
  const kept = sessionStorage.getItem(name) ?? localStorage.getItem(name);
  if (kept !== null) return Promise.resolve(kept);
  const channel = new BroadcastChannel(name);
  return new Promise((resolve) => {
    channel.onmessage = ({ data }) => data.type === 'key' && resolve(data.key);
    channel.postMessage({ type: 'ask' });
    setTimeout(() => resolve(null), 200);
  }).finally(() => channel.close());
}

/** The levels of the headings, so that each follows the one before. The page has no h2, and its operations have h4. */
const levels = [
  ['h3.opblock-tag, .models h4', 2],
  ['.opblock h4', 3],
  ['.opblock h5', 4],
];

/**
 * Gives names and levels to what Swagger UI draws without them, for screen readers. It draws new parts at every click. What cannot be
 * mended from here is listed in docs/console/README.md.
 */
function mend() {
  const each = (selector, set) =>
    document.querySelectorAll(`#api :is(${selector}):not([data-mended])`).forEach((part) => {
      part.dataset.mended = '';
      set(part);
    });
  const operationOf = (part) => {
    const block = part.closest('.opblock');
    const method = block?.querySelector('.opblock-summary-method')?.textContent;
    return `${method} ${block?.querySelector('[data-path]')?.dataset.path}`;
  };
  each('.information-container', (part) => {
    part.setAttribute('role', 'region');
    part.setAttribute('aria-label', 'About this API');
  });
  each('table[role="region"]', (part) => part.setAttribute('aria-label', `Responses of ${operationOf(part)}`));
  each('select, textarea, input', (field) => {
    if (field.labels.length === 0 && !field.hasAttribute('aria-label'))
      field.setAttribute('aria-label', field.closest('[data-param-name]')?.dataset.paramName ?? 'Body of the request');
  });
  // What scrolls must be reached by the keyboard.
  each('pre.microlight', (part) => part.setAttribute('tabindex', '0'));
  for (const [selector, level] of levels)
    each(selector, (heading) => heading.setAttribute('aria-level', String(level)));
}
new MutationObserver(mend).observe(document.getElementById('api'), { childList: true, subtree: true });

findKey().then((key) => {
  document.getElementById('who').textContent =
    key === null
      ? 'Not signed in: sign in to the console in another tab, or press Authorize to try requests.'
      : 'Requests from this page are sent with your key.';
  const ui = globalThis.SwaggerUIBundle({
    url: `${folder}openapi.json`,
    dom_id: '#api',
    deepLinking: true,
    docExpansion: 'list',
    defaultModelsExpandDepth: 0,
    tryItOutEnabled: key !== null,
    validatorUrl: null,
    onComplete: () => key !== null && ui.preauthorizeApiKey('key', key),
  });
});
