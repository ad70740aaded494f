// Adds up the RAM of tests/ram.c: static memory as the Cortex-M0 compiler lays it out, and the deepest stack by its -fstack-usage, over the calls
// that the objects make. Calls through hooks are not in the objects; the deepest stacks of both sides of a hook are added, which is an upper bound.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const [folder, size] = process.argv.slice(2);
const limit = 16 * 1024;

const stackOf = new Map();
for (const file of readdirSync(folder).filter((name) => name.endsWith('.su')))
  for (const line of readFileSync(join(folder, file), 'utf8').trim().split('\n').filter(Boolean)) {
    const [place, bytes, kind] = line.split('\t');
    const [source, , , name] = place.split(':');
    if (kind !== 'static') throw new Error(`the stack of ${name} has no bound: ${kind}`);
    stackOf.set(`${source}:${name}`, Number(bytes));
  }

// Each function's calls, from the disassembly; a local name counts within its object first.
const calls = new Map();
const nameIn = new Map();
for (const file of readdirSync(folder).filter((name) => name.endsWith('.o') && name !== 'all.o')) {
  const source = file.replace(/\.o$/, '.c');
  let current = null;
  for (const line of execFileSync('arm-none-eabi-objdump', ['-dr', join(folder, file)], { encoding: 'utf8' }).split(
    '\n',
  )) {
    const start = line.match(/^[0-9a-f]+ <([\w.]+)>:$/);
    if (start !== null) {
      current = `${source}:${start[1]}`;
      calls.set(current, new Set());
      nameIn.set(start[1], [...(nameIn.get(start[1]) ?? []), current]);
    }
    const call = line.match(/R_ARM_THM_(?:CALL|JUMP\d*)\s+([\w.]+)/) ?? line.match(/\tbl?\t[0-9a-f]+ <([\w.]+)>/);
    if (call !== null && current !== null) calls.get(current).add(call[1]);
  }
}

function targetOf(caller, name) {
  const found = nameIn.get(name) ?? [];
  return found.find((one) => one.split(':')[0] === caller.split(':')[0]) ?? found[0];
}

const bare = (key) => key.replace(/\.(constprop|isra|part)\.\d+(\.\d+)*$/, '');
function deepest(key, path = []) {
  if (path.includes(key)) throw new Error(`recursion: ${[...path, key].join(' > ')}`);
  const own = stackOf.get(key) ?? stackOf.get(bare(key)) ?? 0;
  const below = [...calls.get(key)]
    .map((name) => targetOf(key, name))
    .filter((one) => one !== undefined && one !== key);
  return own + Math.max(0, ...below.map((one) => deepest(one, [...path, key])));
}

const entries = [...calls.keys()].filter((key) => /:tg_/.test(key)).map((key) => ({ key, bytes: deepest(key) }));
const deepestOf = (source) =>
  entries.filter(({ key }) => source.test(key)).reduce((a, b) => (a.bytes > b.bytes ? a : b));
const device = deepestOf(/tidegate_device/);
const socket = deepestOf(/tidegate_socket/);

const [, row] = execFileSync(size, [join(folder, 'ram.o')], { encoding: 'utf8' })
  .trim()
  .split('\n');
const [, data, bss] = row.trim().split(/\s+/).map(Number);
// The socket passes a message to the device, which sends through the socket.
const stack = 2 * socket.bytes + device.bytes;
const total = data + bss + stack;
console.log(
  `static ${data + bss} bytes, stack ${stack} (${socket.key} ${socket.bytes}, twice; ${device.key} ${device.bytes})`,
);
console.log(`together ${total} of ${limit} bytes, without the application's hooks and the network's own memory`);
if (total > limit || device.bytes === 0 || socket.bytes === 0) process.exit(1);
