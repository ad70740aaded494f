import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { test } from 'node:test';
import { packageRoot } from '../../schemas/load.js';
import { circlesOf, readSources } from './imports.js';

/**
 * The layers, from the top: each folder with the folders that it may import from, types included. A folder may import only from
 * folders below it. scripts/ and tests/ stand above all and are not listed. The folders of schemas/ count as one.
 *
 * A new arrow belongs here only if it points down and the upper folder cannot do without it. ARCHITECTURE.md, section 9, says what
 * each layer is for.
 */
const layers = {
  cli: ['cli/commands', 'cli/terminal', 'gateway/process', 'schemas'],
  'cli/commands': [
    'device-sim/program',
    'device-sim/api',
    'cli/serving',
    'cli/terminal',
    'cli/api',
    'device-sim/run',
    'gateway/operations',
    'gateway/config',
    'gateway/registry',
    'gateway/store/exporting',
    'gateway/store/outside',
    'gateway/store/writer',
    'gateway/store/dayFiles',
    'gateway/transport',
    'gateway/net',
    'gateway/process',
    'gateway/domain',
    'schemas',
  ],
  'cli/serving': [
    'cli/terminal',
    'cli/api',
    'device-sim/run',
    'device-sim/host',
    'device-sim/fleet',
    'device-sim/api',
    'gateway',
    'gateway/wiring',
    'gateway/config',
    'gateway/process',
    'schemas',
  ],
  'cli/terminal': ['cli/api', 'device-sim/run', 'schemas'],
  'cli/api': ['device-sim/api', 'schemas'],
  console: ['console/pages', 'console/fleet', 'console/parts', 'console/session', 'schemas'],
  'console/pages': [
    'console/device',
    'console/series',
    'console/map',
    'console/chart',
    'console/commands',
    'console/fleet',
    'console/parts',
    'console/session',
    'schemas',
  ],
  'console/device': [
    'console/series',
    'console/map',
    'console/chart',
    'console/fleet',
    'console/parts',
    'console/session',
    'schemas',
  ],
  'console/series': ['console/chart', 'console/fleet', 'console/parts', 'console/session', 'schemas'],
  'console/commands': ['console/fleet', 'console/parts', 'console/session', 'schemas'],
  'console/chart': ['schemas'],
  'console/map': [],
  'console/fleet': ['console/parts', 'console/session', 'schemas'],
  'console/parts': ['console/session', 'schemas'],
  'console/session': ['schemas'],
  'device-sim': ['device-sim/program', 'schemas'],
  'device-sim/program': [
    'device-sim/conform',
    'device-sim/report',
    'device-sim/run',
    'device-sim/fleet',
    'device-sim/api',
    'schemas',
  ],
  'device-sim/conform': [
    'device-sim/conform/situations',
    'device-sim/conform/stage',
    'device-sim/conform/players',
    'device-sim/api',
    'schemas',
  ],
  'device-sim/conform/situations': ['device-sim/conform/stage', 'device-sim/conform/players', 'schemas'],
  'device-sim/conform/stage': ['device-sim/conform/players', 'schemas'],
  'device-sim/conform/players': ['schemas'],
  'device-sim/report': [
    'device-sim/report/page',
    'device-sim/run',
    'device-sim/measure',
    'device-sim/fleet',
    'schemas',
  ],
  'device-sim/report/page': [],
  'device-sim/run': [
    'device-sim/verify',
    'device-sim/member',
    'device-sim/measure',
    'device-sim/fleet',
    'device-sim/api',
  ],
  'device-sim/verify': ['device-sim/member', 'device-sim/measure', 'device-sim/fleet', 'device-sim/api'],
  'device-sim/host': ['device-sim/fleet', 'device-sim/device'],
  'device-sim/member': [
    'device-sim/measure',
    'device-sim/fleet',
    'device-sim/device',
    'device-sim/api',
    'clients/js/core',
  ],
  'device-sim/measure': [],
  'device-sim/fleet': ['device-sim/device', 'schemas'],
  'device-sim/device': ['clients/js/core', 'schemas'],
  'device-sim/api': [],
  'clients/js/conformance': ['clients/js', 'clients/js/core'],
  'clients/js': ['clients/js/core'],
  'clients/js/core': [],
  gateway: ['gateway/wiring', 'gateway/link', 'gateway/config', 'gateway/observe', 'gateway/transport', 'gateway/net'],
  'gateway/wiring': [
    'gateway/operator',
    'gateway/operator/live',
    'gateway/operator/http',
    'gateway/operations',
    'gateway/link',
    'gateway/bridge',
    'gateway/ingest',
    'gateway/presence',
    'gateway/admission',
    'gateway/config',
    'gateway/command',
    'gateway/registry',
    'gateway/observe',
    'gateway/health',
    'gateway/store',
    'gateway/store/threads',
    'gateway/transport',
    'gateway/net',
    'gateway/columns',
    'gateway/process',
    'gateway/domain',
    'schemas',
  ],
  'gateway/operator': [
    'gateway/operator/live',
    'gateway/operator/routes',
    'gateway/operator/http',
    'gateway/transport',
    'gateway/net',
    'schemas',
  ],
  'gateway/operator/live': [
    'gateway/operator/http',
    'gateway/observe',
    'gateway/transport',
    'gateway/columns',
    'gateway/domain',
    'schemas',
  ],
  'gateway/operator/routes': [
    'gateway/operator/http',
    'gateway/operations',
    'gateway/command',
    'gateway/store/reader',
    'gateway/domain',
    'schemas',
  ],
  'gateway/operator/http': [
    'gateway/operations',
    'gateway/bridge',
    'gateway/presence',
    'gateway/config',
    'gateway/command',
    'gateway/registry',
    'gateway/observe',
    'gateway/health',
    'gateway/store/threads',
    'gateway/transport',
    'gateway/columns',
    'gateway/process',
    'gateway/domain',
    'schemas',
  ],
  'gateway/operations': [
    'gateway/ingest',
    'gateway/health',
    'gateway/store',
    'gateway/store/threads',
    'gateway/columns',
    'gateway/process',
    'gateway/domain',
    'schemas',
  ],
  'gateway/link': [
    'gateway/ingest',
    'gateway/presence',
    'gateway/admission',
    'gateway/registry',
    'gateway/observe',
    'gateway/transport',
    'gateway/net',
    'gateway/process',
    'gateway/domain',
    'schemas',
  ],
  'gateway/bridge/thread': [
    'gateway/bridge/profiles',
    'gateway/bridge',
    'gateway/bridge/messages',
    'gateway/store/reader',
    'gateway/store/logDb',
    'gateway/columns',
    'gateway/domain',
  ],
  'gateway/bridge/profiles': ['gateway/bridge', 'gateway/bridge/messages', 'gateway/domain', 'schemas'],
  'gateway/bridge': [
    'gateway/bridge/messages',
    'gateway/config',
    'gateway/command',
    'gateway/registry',
    'gateway/observe',
    'gateway/store',
    'gateway/store/threads',
    'gateway/process',
    'gateway/domain',
    'schemas',
  ],
  'gateway/bridge/messages': ['gateway/store/logDb', 'gateway/columns', 'gateway/domain', 'schemas'],
  'gateway/ingest': [
    'gateway/admission',
    'gateway/observe',
    'gateway/store/threads',
    'gateway/columns',
    'gateway/process',
    'gateway/domain',
    'schemas',
  ],
  'gateway/presence': ['gateway/store/threads', 'gateway/transport', 'gateway/process', 'gateway/domain', 'schemas'],
  'gateway/admission': ['gateway/config', 'gateway/net', 'gateway/process', 'schemas'],
  'gateway/config': ['gateway/command', 'gateway/net', 'gateway/domain', 'schemas'],
  'gateway/command': ['gateway/observe', 'gateway/process', 'gateway/domain', 'schemas'],
  'gateway/registry': ['gateway/store/sqlite', 'gateway/process', 'gateway/domain', 'schemas'],
  'gateway/observe': ['gateway/health', 'gateway/store/threads', 'gateway/domain', 'schemas'],
  'gateway/health': ['gateway/store/writer', 'gateway/process'],
  'gateway/store': [
    'gateway/store/exporting',
    'gateway/store/reader',
    'gateway/store/archiver',
    'gateway/store/writer',
    'gateway/store/dayFiles',
    'gateway/store/threads',
    'gateway/columns',
    'gateway/domain',
  ],
  'gateway/store/outside': [
    'gateway/store/writer',
    'gateway/store/dayFiles',
    'gateway/store/chunks',
    'gateway/store/logDb',
    'gateway/store/sqlite',
    'schemas',
  ],
  'gateway/store/exporting': [
    'gateway/store/dayFiles',
    'gateway/store/chunks',
    'gateway/store/threads',
    'gateway/store/sqlite',
    'gateway/domain',
    'schemas',
  ],
  'gateway/store/reader': [
    'gateway/store/dayFiles',
    'gateway/store/chunks',
    'gateway/store/tidegateDb',
    'gateway/store/logDb',
    'gateway/store/threads',
    'gateway/store/sqlite',
    'gateway/columns',
    'gateway/domain',
    'schemas',
  ],
  'gateway/store/archiver': [
    'gateway/store/dayFiles',
    'gateway/store/logDb',
    'gateway/store/threads',
    'gateway/store/sqlite',
    'gateway/columns',
    'gateway/process',
    'gateway/domain',
    'schemas',
  ],
  'gateway/store/writer': [
    'gateway/store/dayFiles',
    'gateway/store/tidegateDb',
    'gateway/store/logDb',
    'gateway/store/threads',
    'gateway/store/sqlite',
    'gateway/columns',
    'gateway/process',
    'gateway/domain',
    'schemas',
  ],
  'gateway/store/dayFiles': [
    'gateway/store/chunks',
    'gateway/store/threads',
    'gateway/store/sqlite',
    'gateway/columns',
    'gateway/domain',
    'schemas',
  ],
  'gateway/store/chunks': ['gateway/store/sqlite', 'gateway/columns', 'gateway/domain'],
  'gateway/store/tidegateDb': ['gateway/store/sqlite', 'gateway/domain'],
  'gateway/store/logDb': [
    'gateway/store/threads',
    'gateway/store/sqlite',
    'gateway/columns',
    'gateway/process',
    'gateway/domain',
    'schemas',
  ],
  'gateway/store/threads': ['gateway/columns', 'gateway/domain', 'schemas'],
  'gateway/store/sqlite': ['schemas'],
  'gateway/transport': ['gateway/net', 'gateway/process', 'schemas'],
  'gateway/net': [],
  'gateway/columns': ['gateway/domain'],
  'gateway/process': ['schemas'],
  'gateway/domain': ['schemas'],
  schemas: [],
} satisfies Record<string, string[]>;

/** The only file in a folder whose rooms are its subfolders. */
const alone = {
  gateway: 'gateway/gateway.ts',
  'gateway/store': 'gateway/store/store.ts',
  'device-sim': 'device-sim/cli.ts',
  cli: 'cli/main.ts',
};

const sources = readSources(packageRoot, ['schemas', 'gateway', 'device-sim', 'console', 'cli', 'clients/js']);
const layerOf = (folder: string): string => (folder.startsWith('schemas') ? 'schemas' : folder);
const order = Object.keys(layers);
const allowed = new Map<string, readonly string[]>(Object.entries(layers));

/** The layers that a layer imports from, with one import of each as evidence. */
function importsByLayer(): Map<string, Map<string, string>> {
  const found = new Map<string, Map<string, string>>();
  const folderOf = new Map(sources.map(({ path, folder }) => [path, layerOf(folder)]));
  for (const { path, folder, imports } of sources) {
    const from = layerOf(folder);
    const to = found.get(from) ?? new Map<string, string>();
    found.set(from, to);
    for (const imported of imports) {
      const layer = folderOf.get(imported) ?? '';
      if (layer !== from) to.set(layer, `${path} imports ${imported}`);
    }
  }
  return found;
}

test('every folder imports only from the folders that the table of layers allows', () => {
  for (const [layer, imports] of importsByLayer()) {
    assert.ok(allowed.has(layer), `${layer}/ is not in the table`);
    for (const [other, evidence] of imports)
      assert.ok(allowed.get(layer)?.includes(other), `${layer}/ may not import from ${other}/: ${evidence}`);
  }
});

test('the table allows no import that nobody makes, and none that points up', () => {
  const found = importsByLayer();
  for (const [layer, others] of allowed) {
    assert.ok(found.has(layer), `the table names ${layer}/, which has no source`);
    for (const other of others) {
      assert.ok(found.get(layer)?.has(other), `${layer}/ no longer imports from ${other}/: remove it from the table`);
      assert.ok(order.indexOf(other) > order.indexOf(layer), `${other}/ stands above ${layer}/`);
    }
  }
});

test('ARCHITECTURE.md, section 9, has the folders of the gateway in rows that only import from rows below', () => {
  const rows = rowsOfPage();
  for (const [layer, others] of allowed)
    for (const other of others) {
      const [row, below] = [layer, other].map((one) => rows.get(roomOf(one)) ?? Number.NaN);
      if (roomOf(layer) === roomOf(other) || layer === 'gateway' || isBeside(layer)) continue;
      assert.ok(isBeside(other) || row < below, `${layer} imports from ${other}, whose row is not below its own`);
    }
});

/** The row of each folder in the table of layers. */
function rowsOfPage(): Map<string, number> {
  const page = readFileSync(join(packageRoot, 'ARCHITECTURE.md'), 'utf8');
  const [, section] = /^## 9 Layers$([\s\S]*?)^## /m.exec(page) ?? [];
  const rows = [...section.matchAll(/^\| [^|]+ \| (.+) \|$/gm)].map(([, folders]) => folders);
  return new Map(
    rows.flatMap((folders, row) => [...folders.matchAll(/`([^`]+)`/g)].map(([, name]) => [folderOf(name), row])),
  );
}

/** The folder that a name in the table means. */
function folderOf(name: string): string {
  if (name === alone.gateway) return 'gateway';
  return name.endsWith('/') ? name.slice(0, -1) : `gateway/${name}`;
}

/** The folder of the gateway, or beside it, that a layer is in. */
const roomOf = (layer: string): string =>
  layer
    .split('/')
    .slice(0, layer.startsWith('gateway/') ? 2 : 1)
    .join('/');

const isBeside = (layer: string): boolean => /^(console|device-sim|clients)\b/.test(layer);

test('no files import each other in a circle', () => {
  const imports = new Map(sources.map((source) => [source.path, source.imports]));
  assert.deepEqual(
    circlesOf(imports.keys(), (path) => imports.get(path) ?? []),
    [],
  );
});

test('a folder whose parts are subfolders has one file of its own', () => {
  for (const [folder, file] of Object.entries(alone)) {
    const own = sources.filter((source) => source.folder === folder).map(({ path }) => path);
    assert.deepEqual(own, [file]);
  }
});

test('every folder has a file that begins with what belongs there', () => {
  const folders = new Set(sources.map(({ folder }) => folder));
  const statements = sources.map(({ path, folder }) => ({ folder, text: firstComment(path) }));
  for (const folder of folders)
    assert.ok(
      statements.some((one) => one.folder === folder && names(one.text, folder)),
      `no file of ${folder}/ begins with a comment that says "${basename(folder)}/ …": what belongs there, and what does not`,
    );
});

/** The doc comment that a file begins with; empty if it begins with something else. */
function firstComment(path: string): string {
  const text = readFileSync(join(packageRoot, path), 'utf8').replace(/^#!.*\n/, '');
  return text.startsWith('/**') ? text.slice(0, text.indexOf('*/')) : '';
}

/** Whether a sentence of the text has the folder as its subject: `ingest/ takes …`, `clients/js/ holds …`. */
function names(text: string, folder: string): boolean {
  const parents = folder.split('/').slice(0, -1);
  const path = `(${parents.join('/')}/)?${basename(folder)}/`;
  return new RegExp(`(^/\\*\\*|[.;:])[\\s*]+${path}[\\s*]+[a-z]`).test(text);
}

test('each binary or native library is imported in one place', () => {
  const places: [string, RegExp][] = [
    ['uWebSockets.js', /^gateway\/transport\/uws\.ts$/],
    ['better-sqlite3', /^gateway\/store\//],
    ['mqtt', /^gateway\/bridge\//],
  ];
  for (const { path } of sources) {
    const text = readFileSync(join(packageRoot, path), 'utf8');
    for (const [library, place] of places)
      if (text.includes(`from '${library}'`)) assert.match(path, place, `${path} imports ${library}`);
  }
});
