import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Device } from '../domain/device.js';
import type { Presence, PresenceRecord } from '../domain/presence.js';
import type { Ending } from '../transport/transport.js';
import { createPresence, type PresentLink } from './presence.js';

const device: Device = {
  key: 1,
  id: 'a',
  name: null,
  notes: null,
  model: 'boiler',
  tags: {},
  state: 'active',
  createdAt: 0,
  attributes: {},
  credentials: [],
};

function presenceAt(restored: PresenceRecord[] = [], expectedEveryMs: number | null = null) {
  let now = 1_000_000;
  let frameAt = 0;
  const told: Presence[] = [];
  const touched: number[] = [];
  const presence = createPresence({
    clock: { now: () => now },
    restored,
    endedAt: 900_000,
    expectedEveryMs: () => expectedEveryMs,
    lastFrameAt: () => frameAt,
    changed: (_device, state) => told.push(state()),
    touched: (key) => touched.push(key),
  });
  /** The fields of a link that presence reads. Real sockets are tested in links.test.ts. */
  const linkNow = (more: Partial<PresentLink> = {}): PresentLink => ({
    source: { device, receivedAt: 0 },
    openedAt: now,
    address: '10.0.0.1',
    subprotocol: null,
    stream: { name: 'main' },
    agent: null,
    firmware: null,
    expectEveryMs: 0,
    roundTripMs: null,
    closing: null,
    ...more,
  });
  return {
    presence,
    told,
    touched,
    linkNow,
    state: () => presence.of(device),
    pass: (ms: number): void => {
      now += ms;
    },
    frame(link: PresentLink): void {
      frameAt = now;
      Object.assign(link.source, { receivedAt: now });
    },
  };
}

test('a device that never connected has the state never', () => {
  const { state } = presenceAt();
  assert.deepEqual([state().state, state().online, state().since, state().reconnects], ['never', false, null, 0]);
});

test('the end of a link is reported with its code, its name and the side that ended it', () => {
  const cases: [PresentLink['closing'], Ending['code'], string, Ending['cut'], [number, string | null, string]][] = [
    ['rate_limited', 4004, '{"retryAfterMs":5}', null, [4004, 'rate_limited', 'gateway']],
    ['overloaded', 1006, '', null, [1006, 'overloaded', 'gateway']],
    [null, 1000, '', null, [1000, null, 'device']],
    [null, 1001, 'going away', null, [1001, null, 'device']],
    [null, 4000, '', null, [4000, null, 'device']],
    [null, 1006, '', null, [1006, 'lost', 'network']],
    [null, 1006, '', 'silent', [1006, 'silent', 'gateway']],
    [null, 1006, '', 'invalid_utf8', [1006, 'invalid_utf8', 'gateway']],
    [null, 1006, '', 'message_too_large', [1006, 'message_too_large', 'gateway']],
  ];
  for (const [closing, code, reason, cut, expected] of cases) {
    const { presence, linkNow, state } = presenceAt();
    const link = linkNow();
    presence.opened(link);
    presence.closed({ ...link, closing }, { code, reason, cut });
    const { lastClose } = state();
    assert.deepEqual([lastClose?.code, lastClose?.name, lastClose?.by], expected, `${closing} ${code} ${reason}`);
    assert.equal(state().online, false);
  }
});

test('a takeover is reported as the close of the older link, and the device stays online', () => {
  const { presence, linkNow, state } = presenceAt();
  presence.opened(linkNow());
  presence.opened(linkNow({ address: '10.0.0.2' }));
  const { online, address, lastClose, reconnects } = state();
  assert.deepEqual([online, address, lastClose?.name, reconnects], [true, '10.0.0.2', 'replaced', 1]);
});

test('a device that announced its sleep is asleep until that time and offline after it, and an invalid reason announces nothing', () => {
  const { presence, linkNow, state, pass } = presenceAt();
  presence.opened(linkNow());
  presence.closed(linkNow(), { code: 1000, reason: '{"backInMs":60000}', cut: null });
  assert.equal(state().state, 'asleep');
  pass(60_000);
  assert.equal(state().state, 'offline');
  for (const reason of ['{"backInMs":-1}', '{"backInMs":1e99}', '{"backInMs":"1"}', '{', '[]', 'null', '']) {
    presence.opened(linkNow());
    presence.closed(linkNow(), { code: 1000, reason, cut: null });
    assert.deepEqual([state().state, state().backAt], ['offline', null], reason);
  }
});

test('a device is late after one and a half of its intervals without a frame', () => {
  const { presence, linkNow, state, pass, frame, told } = presenceAt([], 10_000);
  const link = linkNow();
  presence.opened(link);
  pass(15_000);
  presence.checkLate(link);
  assert.deepEqual([state().state, told.length], ['online', 1]);
  pass(1);
  presence.checkLate(link);
  presence.checkLate(link);
  assert.deepEqual(
    told.map((one) => one.state),
    ['online', 'late'],
  );
  frame(link);
  presence.checkLate(link);
  assert.deepEqual([state().state, told.length, state().expectedEveryMs], ['online', 3, 10_000]);
});

test("the interval in a device's hello overrides that of its model", () => {
  const { presence, linkNow, state, pass } = presenceAt([], 10_000);
  presence.opened(linkNow({ expectEveryMs: 600_000 }));
  pass(60_000);
  assert.equal(state().state, 'online');
});

test('more than five links in a short time are flapping, and a quiet hour ends that', () => {
  const { presence, linkNow, state, pass } = presenceAt();
  for (let n = 1; n <= 6; n++) {
    const link = linkNow();
    presence.opened(link);
    assert.equal(state().flapping, n > 5, `${n}`);
    presence.closed(link, { code: 1006, reason: '', cut: null });
  }
  assert.equal(state().reconnects, 5);
  pass(3_600_000);
  assert.equal(state().flapping, false);
});

test('a device that was online when the gateway crashed is offline after the restart, with the reason gateway_ended', () => {
  const first = presenceAt();
  first.presence.opened(first.linkNow());
  const record = structuredClone(first.presence.recordOf(1)) as PresenceRecord;
  const { state } = presenceAt([record]);
  assert.deepEqual(
    [state().state, state().since, state().lastClose?.name, state().address],
    ['offline', 1_000_000, 'gateway_ended', '10.0.0.1'],
  );
  const asleep = presenceAt([{ ...record, online: false, backAt: 2_000_000, lastClose: null }]);
  assert.equal(asleep.state().state, 'asleep');
});

test('a changed presence is stored, and a removed device has none to store', () => {
  const { presence, linkNow, touched } = presenceAt();
  const link = linkNow();
  presence.opened(link);
  presence.introduced({ ...link, agent: 'acme', firmware: '1' } as PresentLink);
  presence.closed(link, { code: 1000, reason: '', cut: null });
  assert.deepEqual(touched, [1, 1, 1]);
  assert.equal(presence.recordOf(1)?.agent, 'acme');
  presence.forget(device);
  assert.equal(presence.recordOf(1), undefined);
  presence.closed(link, { code: 1000, reason: '', cut: null });
});
