import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readDeviceFile } from './deviceFile.js';

const known = { hasDevice: (id: string) => id === 'old', models: ['boiler', 'room'] };

const read = (text: string) => readDeviceFile('fleet.csv', text, known);

/** The message of the Failure that a text leads to. */
function faultsOf(text: string): string {
  try {
    read(text);
  } catch (error) {
    assert.equal((error as { exitCode: number }).exitCode, 65);
    return (error as Error).message;
  }
  return assert.fail('the file is not refused');
}

const none = { name: null, model: null, tags: {}, notes: null };

const two = [
  { line: 2, device: { ...none, id: 'a', model: 'boiler', tags: { site: 'north', floor: '2' } } },
  { line: 3, device: { ...none, id: 'b' } },
];

test('files of spreadsheets, of pandas and of hand are read alike', () => {
  for (const text of [
    'id,model,tags\na,boiler,site=north;floor=2\nb,,\n',
    '\uFEFFid,model,tags\r\na,boiler,site=north;floor=2\r\nb,,',
    '"id","model","tags"\n"a","boiler","site=north;floor=2"\n"b","",""\n',
    'id;model;tags\na;boiler;"site=north;floor=2"\nb;;\n',
    'id\tmodel\ttags\na\tboiler\tsite=north;floor=2\nb\t\t\n',
    'tags, Model, ID\nsite=north; floor=2, boiler, a\n,,b\n',
    'id,model,tags\ra,boiler,site=north;floor=2\rb,,\r',
  ])
    assert.deepEqual(read(text), two, JSON.stringify(text));
  assert.deepEqual(read('id\na\n\n,\nb\n')[1], { line: 5, device: { ...none, id: 'b' } });
  assert.deepEqual(read('id,tags\n"a","note=two\r\nlines, ""quoted"""\nb,')[0].device.tags, {
    note: 'two\nlines, "quoted"',
  });
  assert.deepEqual(read('id,model,tags\n'), []);
  assert.deepEqual(read('id,name,notes\na,Hall 1,"two\nlines"\n')[0].device, {
    ...none,
    id: 'a',
    name: 'Hall 1',
    notes: 'two\nlines',
  });
  assert.match(
    faultsOf(`id,name\na,${'x'.repeat(129)}\nb,"two\nlines"\n`),
    /line 2, name: write one line of at most 128 .*\n {2}line 3, name: write one line/,
  );
});

test('all faults of a file are named at once, with line and column', () => {
  assert.equal(
    faultsOf(
      'id,model,tags\nmy boiler,boiler,\nb,kettle,north;=x\n"c","","n=1\nm"\nb,,n=1;n=2\nold,,\n,room,\nd,room,a=1,b=2\n',
    ),
    `fleet.csv: 9 faults. Nothing is registered.
  line 2, id: "my boiler" is not valid: use 1 to 64 letters, digits, - or _
  line 3, model: there is no model kettle; the gateway has boiler, room
  line 3, tags: "north" is not a tag. Write name=value, with 1 to 64 letters, digits, - or _ in the name
  line 3, tags: "=x" is not a tag. Write name=value, with 1 to 64 letters, digits, - or _ in the name
  line 6, id: b is also in line 3
  line 6, tags: tag n is given twice
  line 7, id: device old already exists
  line 8, id: the id is empty
  line 9: 4 cells under 3 headings. Put a cell that contains the separator in double quotes`,
  );
  const many = Array.from({ length: 33 }, (_, i) => `t${i}=`).join(';');
  assert.match(faultsOf(`id,tags\na,${many}\n`), /line 2, tags: more than 32 tags/);
  assert.match(faultsOf(`id,tags\na,t=${'x'.repeat(257)}\n`), /the value of t is longer than 256 characters/);
});

test('a file that is not CSV, or has other columns, is refused with the place of the fault', () => {
  for (const [text, message] of [
    ['', /the first line must name the columns id, name, model, tags, notes .* and it is: empty$/],
    ['name\na\n', /the first line must name .* it is: name$/],
    ['id,id\n', /the first line must name/],
    ['id,colour\na,red\n', /it is: id, colour$/],
    ['id,tags\na,1\n\nb,"x\nc,y\n', /row 3 \(.*\), cell 2: a double quote opens the cell, and none closes it/],
    ['id,tags\na,"x"y\n', /line 2, cell 2: text follows the closing double quote/],
    ['id\na"b\n', /line 2, cell 1: a double quote is inside a cell that is not quoted/],
  ] as const)
    assert.match(faultsOf(text), message, JSON.stringify(text));
});
