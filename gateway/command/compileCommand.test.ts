import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileCommand } from './rules.js';

test('two commands may use the same $id for different schemas, also inside, and again after a reload', () => {
  for (const at of ['root', 'inside'] as const) {
    const commandOf = (type: string) => {
      const named = { $id: 'https://example.com/target', type };
      const params = at === 'root' ? { ...named, minimum: 1 } : { type: 'object', properties: { target: named } };
      return { name: 'set', params } as unknown as Parameters<typeof compileCommand>[0];
    };
    const paramsOf = (value: unknown): unknown => (at === 'root' ? value : { target: value });
    for (let round = 0; round < 2; round++) {
      assert.equal(compileCommand(commandOf('string')).validate(paramsOf('a')), true, at);
      assert.equal(compileCommand(commandOf('number')).validate(paramsOf('a')), false, at);
      assert.equal(compileCommand(commandOf('number')).validate(paramsOf(2)), true, at);
    }
  }
});

test('a declaration is compiled once, and a wrong schema is refused each time', () => {
  const command = { name: 'a', params: { type: 'object' } } as Parameters<typeof compileCommand>[0];
  assert.equal(compileCommand(command), compileCommand(command));
  const wrong = { name: 'a', params: { type: 'objekt' } } as unknown as Parameters<typeof compileCommand>[0];
  for (let i = 0; i < 2; i++) assert.throws(() => compileCommand(wrong), /type/);
});
