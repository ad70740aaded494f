import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { BridgeSettings, DeviceFacts } from '../calls.js';
import { createNames } from '../messages/names.js';
import { createTopics } from '../messages/topics.js';
import { homeAssistant } from '../profiles/homeassistant.js';
import { createBoard } from './board.js';

test('an edited device is announced again if its name or model has changed, and otherwise nothing is published', () => {
  const topics = createTopics('tidegate', 'gw');
  const settings = { gatewayId: 'gw', version: '1', discoveryPrefix: 'ha', models: [] as BridgeSettings['models'] };
  const names = createNames({ series: () => null, stream: () => null });
  const published: string[] = [];
  const board = createBoard({
    topics,
    profile: homeAssistant(settings as BridgeSettings, topics, names),
    publish(message, _payload, done) {
      published.push(message.topic);
      done(null);
    },
    refused: assert.fail,
  });
  board.connected(10);
  const a: DeviceFacts = {
    id: 'a',
    name: null,
    model: null,
    online: false,
    since: null,
    lastClose: null,
    backAt: null,
  };
  const both = ['ha/device/tidegate_gw_a/config', 'tidegate/gw/a/presence'];
  const publishedBy = (act: () => void): string[] => {
    published.length = 0;
    act();
    return [...published];
  };
  assert.deepEqual(
    publishedBy(() => board.device(a)),
    both,
  );
  assert.deepEqual(
    publishedBy(() => board.device({ ...a, online: true })),
    ['tidegate/gw/a/presence'],
  );
  assert.deepEqual(
    publishedBy(() => board.deviceEdited({ ...a, online: true })),
    [],
  );
  assert.deepEqual(
    publishedBy(() => board.deviceEdited({ ...a, name: 'A' })),
    both,
  );
  assert.deepEqual(
    publishedBy(() => board.deviceEdited({ ...a, name: 'A', model: 'room' })),
    both,
  );
});
