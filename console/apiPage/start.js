// apiPage/ is the page /docs: Swagger UI with the operator API's OpenAPI document, and nothing of the console but its key.
// If someone is signed in to the console in this tab, requests from this page are sent with that key.
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
