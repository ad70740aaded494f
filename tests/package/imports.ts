import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';

/** A source file and the source files that it imports, types included. Paths are from the root of the repository. */
export interface SourceFile {
  path: string;
  folder: string;
  imports: string[];
}

const skipped = /\.(test|fixture|system|proof)\.tsx?$|\.d\.ts$/;
const specifier = /(?:^|\n)\s*(?:import|export)\b[^;]*?from\s*'(\.[^']+)'|import\('(\.[^']+)'\)/g;

/** Reads the sources below these folders, without tests and generated types. */
export function readSources(root: string, folders: readonly string[]): SourceFile[] {
  const paths = folders.flatMap((folder) => sourcesIn(root, folder));
  const known = new Set(paths);
  return paths.map((path) => ({
    path,
    folder: dirname(path),
    imports: specifiersOf(readFileSync(join(root, path), 'utf8')).flatMap((text) => resolve(path, text, known)),
  }));
}

function sourcesIn(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory())
      return entry.name === 'generated' || entry.name === 'node_modules' ? [] : sourcesIn(root, path);
    return /\.tsx?$/.test(entry.name) && !skipped.test(entry.name) ? [path] : [];
  });
}

/** The relative specifiers that a file imports from. */
export function specifiersOf(text: string): string[] {
  return [...text.matchAll(specifier)].map(([, from, lazy]) => from ?? lazy);
}

function resolve(importer: string, text: string, known: ReadonlySet<string>): string[] {
  const path = posix.normalize(posix.join(dirname(importer), text));
  return [path, path.replace(/\.js$/, '.ts'), path.replace(/\.js$/, '.tsx')]
    .filter((one) => known.has(one))
    .slice(0, 1);
}

/** The groups of nodes that reach each other (Tarjan 1972); a node alone is no group. */
export function circlesOf(nodes: Iterable<string>, next: (node: string) => Iterable<string>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const circles: string[][] = [];
  const visit = (node: string): void => {
    index.set(node, index.size);
    low.set(node, index.size - 1);
    stack.push(node);
    for (const other of next(node)) {
      if (!index.has(other)) visit(other);
      if (stack.includes(other)) low.set(node, Math.min(low.get(node) ?? 0, low.get(other) ?? 0));
    }
    if (low.get(node) !== index.get(node)) return;
    const group = stack.splice(stack.indexOf(node));
    if (group.length > 1) circles.push(group);
  };
  for (const node of nodes) if (!index.has(node)) visit(node);
  return circles;
}
