import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import type { Answer, Request } from '../../transport/transport.js';
import type { Router } from './router.js';

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

/**
 * The console may load files only from its own origin, has no inline code, and must not be framed. Images may also come from `images`, the
 * origin of the map tiles; null if there is none.
 */
const contentSecurityPolicy = (images: string | null): string =>
  `default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:${images === null ? '' : ` ${images}`}; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** The paths of the console's pages. All of them return its one HTML file, which reads the address. */
const consolePages = [
  '/',
  '/devices',
  '/devices/{id}',
  '/chart',
  '/map',
  '/commands',
  '/attempts',
  '/add',
  '/keys',
  '/audit',
  '/settings',
  '/storage',
  '/backups',
  '/jobs',
  '/more',
];
export const apiPagePath = '/docs';

/** Adds the built console and the API page, which are kept in memory. Only the console shows maps, whose tiles come from `tilesOrigin`. */
export function addConsole(router: Router, folder: string, apiPageFolder: string, tilesOrigin: string | null): void {
  addFolder(router, folder, '', consolePages, contentSecurityPolicy(tilesOrigin));
  const index = join(folder, 'index.html');
  if (existsSync(index)) addMissingPage(router, readFileSync(index, 'utf8'), contentSecurityPolicy(tilesOrigin));
  addFolder(router, apiPageFolder, apiPagePath, [apiPagePath], contentSecurityPolicy(null));
}

/** A browser at an address that is none gets the console, which says so, and not the JSON that programs get. */
function addMissingPage(router: Router, page: string, policy: string): void {
  router.missing = (request) => {
    const asksForPage = request.method === 'GET' && /\btext\/html\b/i.test(request.header('accept'));
    if (!asksForPage || request.path.startsWith('/v1/')) return null;
    const answer = answerWith(request, pageAt(request.path, page), policy);
    return answer.status === 200 ? { ...answer, status: 404 } : answer;
  };
}

/** Adds files under a path, and index.html at the paths of the pages. The build wrote a compressed form beside each file. */
function addFolder(router: Router, folder: string, base: string, pages: string[], policy: string): void {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    const type = types[extname(name)];
    if (type === undefined) continue;
    for (const path of name === 'index.html' ? pages : [`${base}/${name}`]) {
      const file =
        name === 'index.html'
          ? pageAt(path, readFileSync(join(folder, name), 'utf8'))
          : readStatic(join(folder, name), type);
      router.add('GET', path, (request, response) => response.answer(answerWith(request, file, policy)));
    }
  }
}

/** Accept-Encoding with gzip and not with the weight 0 (RFC 9110, section 12.5.3). */
const acceptsGzip = /(?:^|,)\s*gzip\s*(?:,|$|;\s*q=(?!0(?:\.0*)?\s*(?:,|$)))/i;

interface StaticFile {
  type: string;
  tag: string;
  content: Buffer;
  packed: Buffer | null;
}

function readStatic(path: string, type: string): StaticFile {
  return staticFile(type, readFileSync(path), existsSync(`${path}.gz`) ? readFileSync(`${path}.gz`) : null);
}

function staticFile(type: string, content: Buffer, packed: Buffer | null): StaticFile {
  const tag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`;
  return { type, tag, content, packed };
}

/**
 * The HTML of a page at this path. Its addresses begin with `./` and are relative, so that they are right behind a proxy that serves the
 * gateway below a path: from `/devices/a` the console's script is `../main.js`.
 */
function pageAt(path: string, html: string): StaticFile {
  const up = '../'.repeat(path.split('/').length - 2);
  return staticFile(types['.html'], Buffer.from(up === '' ? html : html.replaceAll('="./', `="${up}`)), null);
}

function answerWith(request: Request, { type, tag, content, packed }: StaticFile, policy: string): Answer {
  const headers: Record<string, string> = {
    'Content-Security-Policy': policy,
    'X-Content-Type-Options': 'nosniff',
    'Referrer-Policy': 'no-referrer',
    'Cache-Control': 'no-cache',
    Vary: 'Accept-Encoding',
    ETag: tag,
  };
  if (['*', tag].includes(request.header('if-none-match'))) return { status: 304, headers, body: null };
  headers['Content-Type'] = type;
  if (packed === null || !acceptsGzip.test(request.list('accept-encoding')))
    return { status: 200, headers, body: content };
  return { status: 200, headers: { ...headers, 'Content-Encoding': 'gzip' }, body: packed };
}
