import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { HttpRequest, HttpResponse, TemplatedApp } from '../../net/uws.js';
import { statusLine } from './http.js';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

/** The console may load files only from its own origin, has no inline code, and must not be framed. */
export const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The paths of the console's pages. All of them return its one HTML file, which reads the address. */
const consolePages = ['/', '/devices', '/devices/:id', '/commands', '/attempts', '/add'];
export const apiPagePath = '/docs';

/** Serves the built console and the API page from memory. */
export function serveConsole(app: TemplatedApp, folder: string, apiPageFolder: string): void {
  serveFolder(app, folder, '', consolePages);
  serveFolder(app, apiPageFolder, apiPagePath, [apiPagePath]);
}

/** Serves files under a path, and index.html at the paths of the pages. The build wrote a compressed form beside each file. */
function serveFolder(app: TemplatedApp, folder: string, base: string, pages: string[]): void {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const type = types[extname(name)];
    if (type === undefined) continue;
    const file = readStatic(join(folder, name), type);
    for (const path of name === 'index.html' ? pages : [`${base}/${name}`])
      app.get(path, (res, req) => sendFile(res, req, file));
  }
}

interface StaticFile {
  type: string;
  tag: string;
  content: Buffer;
  packed: Buffer | null;
}

function readStatic(path: string, type: string): StaticFile {
  const content = readFileSync(path);
  const packed = existsSync(`${path}.gz`) ? readFileSync(`${path}.gz`) : null;
  const tag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
  return { type, tag, content, packed };
}

function sendFile(res: HttpResponse, req: HttpRequest, { type, tag, content, packed }: StaticFile): void {
  const fresh = req.getHeader('if-none-match') === tag;
  const asPacked = packed !== null && /\bgzip\b/.test(req.getHeader('accept-encoding'));
  res.writeStatus(statusLine(fresh ? 304 : 200));
  res
    .writeHeader('Content-Security-Policy', contentSecurityPolicy)
    .writeHeader('X-Content-Type-Options', 'nosniff')
    .writeHeader('Referrer-Policy', 'no-referrer')
    .writeHeader('Cache-Control', 'no-cache')
    .writeHeader('Vary', 'Accept-Encoding')
    .writeHeader('ETag', tag);
  if (fresh) {
    res.endWithoutBody();
    return;
  }
  res.writeHeader('Content-Type', type);
  if (asPacked) res.writeHeader('Content-Encoding', 'gzip').end(packed);
  else res.end(content);
}
