// The key of the console's session, where there is one, signs the requests that are tried out from this page.
const key = sessionStorage.getItem('tidegate.key');
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
