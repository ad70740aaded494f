import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile, type JSONSchema } from 'json-schema-to-typescript';
import { metricsDocument } from '../../gateway/operator/routes/metrics.js';
import { packageRoot } from '../../schemas/load.js';
import { apiExamples } from './apiExamples.js';
import { contractDigest } from './contractDigest.js';
import { deviceContract } from './deviceContract.js';

/**
 * Generates files from the tables and schemas: schemas/generated/*.ts, schemas/contract.json, docs/metrics.md and
 * clients/js/core/contract.ts; and schemas/generated/examples.json from docs/http-api.md. With --check it writes nothing, and exits with 1 if a file differs.
 */
const check = process.argv.includes('--check');
process.chdir(packageRoot);

for (const [path, text] of [
  ...(await typeFiles()),
  ['docs/metrics.md', metricsDocument()] as const,
  ['clients/js/core/contract.ts', formatted(deviceContract())] as const,
  ['schemas/generated/examples.json', formatted(JSON.stringify(apiExamples()), 'examples.json')] as const,
])
  settle(path, text);
if (!check) writeFileSync('schemas/contract.json', `${JSON.stringify(contractDigest(), null, 2)}\n`);
else if (readFileSync('schemas/contract.json', 'utf8') !== `${JSON.stringify(contractDigest(), null, 2)}\n`) {
  differs('schemas/contract.json');
  console.error(
    'The contract changed: raise contractVersion in schemas/tables/version.ts (SemVer), and describe the change in CHANGELOG.md',
  );
}

function settle(path: string, text: string): void {
  if (!check) writeFileSync(path, text);
  else if (!existsSync(path) || readFileSync(path, 'utf8') !== text) differs(path);
}

function differs(path: string): void {
  console.error(`${path} differs from its sources: run npm run generate`);
  process.exitCode = 1;
}

async function typeFiles(): Promise<(readonly [string, string])[]> {
  const files = [];
  for (const folder of ['device', 'operator', 'bridge', 'config']) {
    files.push([`schemas/generated/${folder}.ts`, formatted(await typesOf(join('schemas', folder)))] as const);
  }
  return files;
}

async function typesOf(folder: string): Promise<string> {
  const exported = new Set<string>();
  let text = '// Made by npm run generate from the *.schema.json files. Do not edit.\n';
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.schema.json'))
    .sort()) {
    const schema = withReferred(folder, readSchema(folder, file.replace('.schema.json', ''))) as JSONSchema;
    const types = await compile(schema, schema.title ?? file, {
      bannerComment: '',
      format: false,
      unknownAny: true,
      cwd: folder,
    });
    text += `\n${withoutRepeats(types, exported)}`;
  }
  return text;
}

function readSchema(folder: string, name: string): object {
  return JSON.parse(readFileSync(join(folder, `${name}.schema.json`), 'utf8')) as object;
}

/** The schema with each schema of its folder that it refers to in its place. */
function withReferred(folder: string, part: unknown): unknown {
  if (Array.isArray(part)) return part.map((each) => withReferred(folder, each));
  if (typeof part !== 'object' || part === null) return part;
  if ('$ref' in part) {
    const { $schema, $id, ...referred } = withReferred(folder, readSchema(folder, String(part.$ref))) as Record<
      string,
      unknown
    >;
    return referred;
  }
  return Object.fromEntries(Object.entries(part).map(([keyword, value]) => [keyword, withReferred(folder, value)]));
}

/** Drops types that an earlier schema of the folder exported already. */
function withoutRepeats(types: string, exported: Set<string>): string {
  const blocks = types.split(/\n(?=(?:\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?export )/);
  return blocks
    .filter((block) => {
      const name = /^export (?:interface|type) (\w+)/m.exec(block)?.[1];
      if (name === undefined) return block.trim() !== '';
      if (exported.has(name)) return false;
      exported.add(name);
      return true;
    })
    .join('\n');
}

function formatted(text: string, name = 'types.ts'): string {
  const biome = join('node_modules', '@biomejs', 'biome', 'bin', 'biome');
  return execFileSync(process.execPath, [biome, 'format', `--stdin-file-path=${name}`], {
    input: text,
    encoding: 'utf8',
  });
}
