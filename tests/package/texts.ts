import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { packageRoot } from '../../schemas/load.js';

/** A text that a program shows to people, and where it stands: the file from the root of the package, and the line from 1. */
export interface ShownText {
  at: string;
  text: string;
}

/** Attributes of elements that nobody reads. */
const unread = new Set(['class', 'd', 'viewBox', 'type', 'key', 'href', 'to', 'id', 'name', 'pattern', 'autocomplete']);

/** The TypeScript files of a folder and of the folders below it, without tests. */
export function sourcesOf(folder: string): string[] {
  return readdirSync(join(packageRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !/\.(test|fixture|d)\.ts$/.test(file))
    .map((file) => `${folder}/${file}`)
    .sort();
}

/** A file of the package, parsed. */
export function parsed(file: string): ts.SourceFile {
  const kind = file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS;
  return ts.createSourceFile(file, readFileSync(join(packageRoot, file), 'utf8'), ts.ScriptTarget.Latest, true, kind);
}

/** Calls `visit` with every node; it returns false if the nodes below are not wanted. */
export function walk(node: ts.Node, visit: (node: ts.Node) => boolean): void {
  if (visit(node)) ts.forEachChild(node, (child) => walk(child, visit));
}

/** The texts of a file that have at least two words, or stand in an element of a page. Values in a text are written as `…`. */
export function textsOf(file: string): ShownText[] {
  const source = parsed(file);
  const found: ShownText[] = [];
  walk(source, (node) => {
    if (ts.isImportDeclaration(node) || ts.isTypeNode(node)) return false;
    if (ts.isJsxAttribute(node) && unread.has(node.name.getText())) return false;
    const text = textOf(node)?.replaceAll(/\s+/g, ' ').trim() ?? '';
    const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    if (/[A-Za-z]/.test(text) && (ts.isJsxText(node) || /\S \S/.test(text)))
      found.push({ at: `${file}:${line}`, text });
    return true;
  });
  return found;
}

function textOf(node: ts.Node): string | undefined {
  if (ts.isJsxText(node) || ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) return node.text;
  if (ts.isTemplateExpression(node))
    return node.head.text + node.templateSpans.map(({ literal }) => `…${literal.text}`).join('');
  return undefined;
}
