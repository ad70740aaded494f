import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTopics, isPublishable, PoisonousTopicError, sanitised } from './topics.js';

const topics = createTopics('tidegate', 'gw');
/** A topic that a broker accepts in a PUBLISH: no wildcards, no NUL, and not one of the broker's own `$` topics. */
const clean = /^[^+#$\0]+$/;

test('an id that could poison a topic is never put into one', () => {
  for (const id of ['+', '#', 'a/b', 'a+b', '', '$SYS', 'ä', 'a\0', 'x'.repeat(65), '..'])
    for (const make of [
      topics.telemetry,
      topics.presence,
      topics.command,
      (device: string) => topics.value(device, 'm'),
      (device: string) => topics.answer(device, 'error'),
    ])
      assert.throws(() => make(id), PoisonousTopicError, id);
  for (const name of ['+', 'a/b', '', '#']) assert.throws(() => topics.answer('a', name), PoisonousTopicError, name);
  for (const prefix of ['', '/a', 'a/', '$SYS', 'a/#', 'a+'])
    assert.throws(() => createTopics(prefix, 'gw'), PoisonousTopicError, prefix);
  assert.throws(() => createTopics('tidegate', 'g/w'), PoisonousTopicError);
});

test('every metric name has a clean topic, and different names have different topics', () => {
  assert.equal(topics.value('a', 'temperature'), 'tidegate/gw/a/value/temperature');
  assert.equal(topics.value('a', 'room/temp+1'), 'tidegate/gw/a/value/room_2f_temp_2b_1');
  fc.assert(
    fc.property(fc.string({ maxLength: 8 }), fc.string({ maxLength: 8 }), (a, b) => {
      assert.match(sanitised(a), /^[A-Za-z0-9_-]*$/);
      assert.equal(sanitised(a) === sanitised(b), a === b);
    }),
  );
  for (const name of ['#', '+', '/', '$', 'a/b', 'a_b', 'a__b', 'a_2f_b']) assert.match(topics.value('a', name), clean);
  const names = ['a/b', 'a_b', 'a__b', 'a_2f_b', 'a_5f_b'];
  assert.equal(new Set(names.map(sanitised)).size, names.length);
});

test('only one level below the gateway is a command topic', () => {
  assert.equal(topics.deviceOfCommand('tidegate/gw/a/command'), 'a');
  assert.equal(topics.deviceOfCommand('tidegate/gw/+/command'), '+', 'a later check refuses it');
  for (const other of [
    'tidegate/gw/a/command/1',
    'tidegate/gw/a/b/command',
    'tidegate/other/a/command',
    'x/tidegate/gw/a/command',
    topics.strayAnswer,
    topics.status,
  ])
    assert.equal(topics.deviceOfCommand(other), null, other);
  assert.equal(createTopics('a.b', 'gw').deviceOfCommand('aXb/gw/d/command'), null);
});

test('an answer is not published to an invalid topic', () => {
  for (const topic of ['a', 'a/b/', 'replies/1']) assert.equal(isPublishable(topic), true, topic);
  for (const topic of ['', 'a/#', '+/a', '$SYS/x', '/a', 'a\0', 'x'.repeat(2_000)])
    assert.equal(isPublishable(topic), false, topic);
});
