import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { TemplatedApp } from '../uws.js';
import { statusLine } from './http.js';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing from elsewhere, nothing inline, no frames around it. */
export const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** Serves the built console from memory. */
export function serveConsole(app: TemplatedApp, folder: string): void {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const type = types[extname(name)];
    if (type === undefined) continue;
    const content = readFileSync(join(folder, name));
    const tag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
    app.get(name === 'index.html' ? '/' : `/${name}`, (res, req) => {
      const fresh = req.getHeader('if-none-match') === tag;
      res.writeStatus(statusLine(fresh ? 304 : 200));
      res
        .writeHeader('Content-Security-Policy', contentSecurityPolicy)
        .writeHeader('X-Content-Type-Options', 'nosniff');
      res
        .writeHeader('Referrer-Policy', 'no-referrer')
        .writeHeader('Cache-Control', 'no-cache')
        .writeHeader('ETag', tag);
      if (fresh) res.endWithoutBody();
      else res.writeHeader('Content-Type', type).end(content);
    });
  }
}
