import { readFileSync } from 'node:fs';
import type { Examples } from '../../gateway/operator/http/examples.js';
import { routes } from '../../gateway/operator/routes/table.js';
import { fitsPath, pageParts, requestIn } from '../../tests/package/pageExamples.js';

/** The page whose answers a test compares with those of a gateway. */
const pageFile = 'docs/http-api.md';

/**
 * The examples of /openapi.json, which are those of docs/http-api.md: of each route the first body, and the first answer of each status
 * and type. Where the page has only one item of a list, the list has this item.
 */
export function apiExamples(): Examples {
  const examples: Examples = { problem: null, operations: {} };
  for (const part of pageParts(readFileSync(pageFile, 'utf8'))) {
    if (part.kind !== 'example' || part.answer === null) continue;
    const request = requestIn(part.program);
    const route = routes.find(({ method, path }) => request?.method === method && fitsPath(path, request.path));
    if (request === null || route === undefined) continue;
    const [head, , ...rest] = part.answer.text.split('\n');
    const [status, type] = head.split(' ');
    const value = contentOf(rest.join('\n'), type);
    if (type === 'application/problem+json') {
      examples.problem ??= value;
      continue;
    }
    const key = `${route.method} ${route.path}`;
    examples.operations[key] ??= { answers: {} };
    const operation = examples.operations[key];
    if (request.body !== null) operation.body ??= JSON.parse(request.body.replaceAll('$HOME', '/home/you'));
    if (type !== undefined)
      operation.answers[head] ??= isItem(route.answer, value) ? { items: [value], next: null } : value;
    else operation.answers[status] ??= null;
  }
  return examples;
}

const isItem = (answer: string | undefined, value: unknown): boolean =>
  answer?.endsWith('_page') === true && typeof value === 'object' && value !== null && !('items' in value);

/** The page shortens secrets; an example has one of the right length. */
function contentOf(text: string, type: string | undefined): unknown {
  const whole = text.replaceAll(/\b(tg[dk]_)…/g, `$1${'EXAMPLE'.repeat(7).slice(0, 43)}`);
  return type !== undefined && /[/+]json$/.test(type) ? JSON.parse(whole) : `${whole}\n`;
}
