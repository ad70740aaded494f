// `npm start` and `npm run demo`: runs the program of dist/ in this process, or says that there is none.
import { existsSync } from 'node:fs';

const main = new URL('../../dist/cli/main.js', import.meta.url);
const installed = new URL('../../node_modules/', import.meta.url);
if (!existsSync(main)) {
  console.error(`Tidegate is not built in this checkout. Run: ${existsSync(installed) ? 'npm run build' : 'npm ci'}`);
  process.exit(78);
}
await import(main);
