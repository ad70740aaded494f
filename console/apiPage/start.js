// apiPage/ is the page /docs: Swagger UI with the operator API's OpenAPI document, and nothing of the console but its key and its theme.
// If someone is signed in to the console in this browser, requests from this page are sent with that key.
const name = 'tidegate.key';
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

findKey().then((key) => {
  document.getElementById('who').textContent =
    key === null
      ? 'Not signed in: sign in to the console in another tab, or press Authorize to try requests.'
      : 'Requests from this page are sent with your key.';
  const ui = globalThis.SwaggerUIBundle({
    url: '/openapi.json',
    dom_id: '#api',
    deepLinking: true,
    docExpansion: 'list',
    defaultModelsExpandDepth: 0,
    tryItOutEnabled: key !== null,
    validatorUrl: null,
    onComplete: () => key !== null && ui.preauthorizeApiKey('key', key),
  });
});
