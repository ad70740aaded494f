import type { Answer, Request, Response } from '../../transport/transport.js';

/** Answers one request. `parameters` are the decoded segments of the path that the route leaves open, in order. */
export type Handler = (request: Request, response: Response, parameters: string[]) => void;

/** Finds the handler of a request by method and path. A fixed segment goes before a parameter. */
export class Router {
  readonly #root: Node = createNode();
  /** What a request gets whose path is none; null for the usual problem. */
  missing: (request: Request) => Answer | null = () => null;

  /** A path has fixed segments and parameters, which are written as {name}. */
  add(method: string, path: string, handler: Handler): void {
    let node = this.#root;
    for (const segment of path.split('/').slice(1)) node = childFor(node, segment);
    node.handlers.set(method, handler);
  }

  /** The handler; the methods of the path if it has none of this one; null if there is no such path. HEAD is answered as GET (RFC 9110, section 9.3.2). */
  find(method: string, path: string): { handler: Handler; parameters: string[] } | { allowed: string[] } | null {
    const found = walk(this.#root, path.split('/').slice(1), []);
    if (found === null) return null;
    const { handlers } = found.node;
    const handler = handlers.get(method) ?? (method === 'HEAD' ? handlers.get('GET') : undefined);
    return handler === undefined ? { allowed: [...handlers.keys()] } : { handler, parameters: found.parameters };
  }
}

interface Node {
  fixed: Map<string, Node>;
  parameter: Node | null;
  /** By method. Empty: no route ends here. */
  handlers: Map<string, Handler>;
}

const createNode = (): Node => ({ fixed: new Map(), parameter: null, handlers: new Map() });

function childFor(node: Node, segment: string): Node {
  if (segment.startsWith('{')) {
    node.parameter ??= createNode();
    return node.parameter;
  }
  const child = node.fixed.get(segment) ?? createNode();
  node.fixed.set(segment, child);
  return child;
}

function walk(node: Node, segments: string[], parameters: string[]): { node: Node; parameters: string[] } | null {
  const [segment, ...rest] = segments;
  if (segment === undefined) return node.handlers.size === 0 ? null : { node, parameters };
  const fixed = node.fixed.get(segment);
  const found = fixed === undefined ? null : walk(fixed, rest, parameters);
  if (found !== null || node.parameter === null || segment === '') return found;
  return walk(node.parameter, rest, [...parameters, decode(segment)]);
}

/** A segment that is not percent-encoded UTF-8 stays as it is. Then no resource has its name. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
