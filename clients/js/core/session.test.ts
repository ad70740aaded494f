import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createManualTiming } from './manualTiming.fixture.js';
import { Outbox } from './outbox.js';
import { type Ending, lostLink } from './reconnect.js';
import { type Link, type LinkEvents, Session, type SessionState } from './session.js';

const serverTime = 1_800_000_000_000;

interface FakeLink extends Link {
  events: LinkEvents;
  /** The device's actions on the link: the frames that it sent, and how it ended the link. */
  log: string[];
}

/** A session on fake links. A dropped link ends at once, like the sockets of this client. A closed one ends when the test calls `end`. */
function sessionWith({ seesPings = true, dropEnds = true, whenEnded = (): void => {} } = {}) {
  const time = createManualTiming();
  const links: FakeLink[] = [];
  const outbox = new Outbox<string>(100);
  const log: string[] = [];
  const states: SessionState[] = [];
  const session = new Session<string, FakeLink>({
    outbox,
    seesPings,
    timing: time.timing,
    random: () => 0.5,
    owner: {
      open(events) {
        const link: FakeLink = {
          events,
          log: [],
          close: (code, reason) => link.log.push(`close ${code} ${reason}`),
          drop() {
            link.log.push('drop');
            if (dropEnds) events.ended(lostLink);
          },
        };
        links.push(link);
        return link;
      },
      welcomed: (link, lastSeq) => link.log.push(`hello after ${lastSeq}`),
      transmit(link) {
        for (let next = outbox.take(); next !== null; next = outbox.take()) link.log.push(`${next.seq}=${next.frame}`);
      },
      askTime: (link) => link.log.push('time?'),
      stored: (frames) => log.push(`stored ${frames.map(({ seq }) => seq).join(' ')}`),
      renumbered: (frames) => log.push(`renumbered ${frames.map(({ seq }) => seq).join(' ')}`),
      nacked: (frame, { seq, code }) => log.push(`nacked ${frame?.frame ?? 'nothing'} ${seq} ${code}`),
      commanded: ({ name }) => log.push(`command ${name}`),
      timeTold: (unixMs) => log.push(`time ${unixMs}`),
      ended(ending) {
        log.push(`ended ${ending.kind}`);
        whenEnded();
      },
      waits: (ms) => log.push(`waits ${ms}`),
      entered: (state) => states.push(state),
    },
  });
  const send = (frame: string): boolean => {
    const isKept = outbox.push(frame) !== null;
    session.pump();
    return isKept;
  };
  const welcome = (lastSeq = 0, window = 64): void =>
    links.at(-1)?.events.received({ type: 'welcome', lastSeq, window, serverTime, keepaliveSeconds: 25 });
  const ack = (seq: number, window?: number): void => links.at(-1)?.events.received({ type: 'ack', seq, window });
  const end = (ending: Ending = lostLink): void => links.at(-1)?.events.ended(ending);
  return { session, outbox, time, links, log, states, send, welcome, ack, end };
}

test('after the welcome a session sends its hello and its buffered frames, and drops each frame on its ack', () => {
  const { session, links, log, states, outbox, send, welcome, ack } = sessionWith();
  send('a');
  session.start();
  session.start();
  assert.deepEqual([links.length, links[0].log, session.link], [1, [], null], 'nothing before the welcome');
  welcome();
  assert.deepEqual(links[0].log, ['hello after 0', '1=a']);
  ack(1);
  assert.deepEqual([log, outbox.size, states, session.state], [['stored 1'], 0, ['connecting', 'linked'], 'linked']);
});

test('new numbers are reported before the frames are sent, and lastSeq before anything else', () => {
  const { session, log, links, send, welcome } = sessionWith();
  send('a');
  session.start();
  welcome(5);
  assert.deepEqual([log, links[0].log], [['renumbered 6'], ['hello after 5', '6=a']]);
});

test('after a lost link unacknowledged frames are sent again under their numbers', () => {
  const { session, links, log, time, send, welcome, ack, end } = sessionWith();
  session.start();
  welcome();
  for (const frame of 'abc') send(frame);
  ack(1);
  end();
  send('d');
  time.advance(250);
  welcome(2);
  assert.deepEqual(links[1].log, ['hello after 2', '3=c', '4=d']);
  assert.deepEqual(log, ['stored 1', 'ended closed', 'waits 250', 'stored 2']);
});

test('a nack, a time and a command reach the owner, and an unknown message changes nothing', () => {
  const { session, links, log, send, welcome } = sessionWith();
  session.start();
  welcome();
  send('a');
  const { received } = links[0].events;
  received(null);
  received({ type: 'nack', seq: 1, code: 'value_invalid', message: '' });
  received({ type: 'nack', seq: 0, code: 'value_invalid', message: '' });
  received({ type: 'time', echo: 0, serverTime: serverTime + 90_000 });
  received({ type: 'command', id: 'c', name: 'reboot', params: {}, expiresAt: 0, known: 0 });
  assert.deepEqual(log, [
    'nacked a 1 value_invalid',
    'nacked nothing 0 value_invalid',
    `time ${serverTime + 90_000}`,
    'command reboot',
  ]);
  assert.equal(session.clock.now(), serverTime + 90_000);
});

test('a second welcome on a link is ignored', () => {
  const { session, log, send, welcome } = sessionWith();
  session.start();
  welcome();
  send('a');
  welcome(1);
  assert.deepEqual(log, []);
});

test('the wait doubles with each link that did not hold, until a frame is answered', () => {
  const { session, log, time, send, welcome, ack, end } = sessionWith();
  session.start();
  send('a');
  for (let attempt = 0; attempt < 4; attempt++) {
    welcome();
    if (attempt === 3) ack(1);
    end({ kind: 'closed', code: 4001, reason: '' });
    time.advance(time.due()[0]);
  }
  assert.deepEqual(
    log.filter((entry) => entry.startsWith('waits')),
    ['waits 250', 'waits 500', 'waits 1000', 'waits 250'],
  );
});

test('a link that was open for 60 s does not count as a failure, and an attempt without a welcome does', () => {
  const { session, log, time, links, welcome, end } = sessionWith();
  session.start();
  end({ kind: 'refused', status: 503, retryAfterSeconds: 2 });
  time.advance(2_250);
  welcome();
  time.advance(59_999);
  links[1].events.pinged();
  time.advance(1);
  end();
  const waits = log.filter((entry) => entry.startsWith('waits'));
  assert.deepEqual(waits, ['waits 2250', 'waits 250']);
});

test('a silent link and an attempt without a welcome for 30 s are dropped', () => {
  const { session, links, time, welcome } = sessionWith();
  session.start();
  time.advance(30_000);
  assert.deepEqual(links[0].log, ['drop']);
  time.advance(250);
  welcome();
  time.advance(70_000);
  links[1].events.pinged();
  time.advance(70_000);
  assert.deepEqual(links[1].log, ['hello after 0']);
  time.advance(5_000);
  assert.deepEqual(links[1].log, ['hello after 0', 'drop']);
});

test('if pings cannot be seen, the time is requested during a silence', () => {
  const { session, links, time, welcome } = sessionWith({ seesPings: false });
  session.start();
  welcome();
  time.advance(30_000);
  assert.deepEqual(links[0].log, ['hello after 0', 'time?']);
});

test('a sleeping session reconnects at the end of its sleep, or earlier if wake is called', () => {
  const { session, links, time, welcome, end } = sessionWith();
  session.sleep(1);
  assert.equal(session.state, 'idle', 'without a link it does not sleep');
  session.start();
  welcome();
  session.sleep(60_000);
  assert.deepEqual([session.state, links[0].log.at(-1)], ['asleep', 'close 1000 {"backInMs":60000}']);
  end({ kind: 'closed', code: 1000, reason: '' });
  assert.deepEqual(time.due(), [60_000]);
  session.sleep(9_000);
  assert.deepEqual(time.due(), [9_000]);
  time.advance(9_000);
  assert.equal(links.length, 2);
  session.sleep(60_000);
  session.wake();
  assert.equal(links.length, 3);
});

test('a link that is still closing when the sleep ends is dropped, and its late end changes nothing', () => {
  for (const dropEnds of [true, false]) {
    const { session, links, time, outbox, send, welcome } = sessionWith({ dropEnds });
    session.start();
    welcome();
    send('a');
    session.sleep(5_000);
    time.advance(5_000);
    assert.deepEqual([links.length, links[0].log.at(-1), outbox.inFlight], [2, 'drop', 0]);
    welcome();
    links[0].events.ended({ kind: 'closed', code: 4100, reason: '' });
    links[0].events.received({ type: 'ack', seq: 1 });
    assert.deepEqual([session.state, links[1].log, outbox.size], ['linked', ['hello after 0', '1=a'], 1]);
  }
});

test('an outage drops the link, and the session reconnects after it', () => {
  const { session, links, log, time, welcome } = sessionWith();
  session.start();
  welcome();
  session.outage(7_000);
  assert.deepEqual([links[0].log.at(-1), log, time.due()], ['drop', ['ended closed'], [7_000]]);
  time.advance(7_000);
  assert.equal(session.state, 'connecting');
});

test('a session stops from any state with one close frame, and does not reconnect', async () => {
  const linked = sessionWith();
  linked.session.start();
  linked.welcome();
  const stops = [linked.session.stop('why'), linked.session.stop()];
  assert.deepEqual(linked.links[0].log.slice(1), ['close 1000 why']);
  linked.end({ kind: 'closed', code: 1000, reason: '' });
  await Promise.all(stops);
  assert.deepEqual([linked.session.state, linked.time.due()], ['stopped', []]);

  const waiting = sessionWith();
  waiting.session.start();
  waiting.end();
  await waiting.session.stop();
  waiting.session.wake();
  waiting.session.sleep(1);
  assert.deepEqual([waiting.links.length, waiting.time.due()], [1, []]);

  const idle = sessionWith();
  await idle.session.stop();
  idle.session.start();
  assert.equal(idle.links.length, 0);
});

test('a session that its owner stops at the end of a link does not reconnect', async () => {
  const { session, time, end, log } = sessionWith({ whenEnded: () => void session.stop() });
  session.start();
  end();
  await session.stop();
  assert.deepEqual([session.state, time.due(), log], ['stopped', [], ['ended closed']]);
});

test('in any order of events there is at most one link and one timer per purpose, and nothing is sent without a welcome', () => {
  const step = fc.constantFrom(
    'send',
    'welcome',
    'ack',
    'end',
    'refuse',
    'tick',
    'long',
    'wake',
    'sleep',
    'outage',
    'drop',
    'ping',
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.boolean(), (steps, dropEnds) => {
      const { session, links, time, outbox, send, welcome, ack, end } = sessionWith({ dropEnds });
      const acts: Record<(typeof steps)[number], () => unknown> = {
        send: () => send('f'),
        welcome: () => welcome(outbox.highestGiven > 0 ? outbox.highestGiven - outbox.inFlight : 0, 4),
        ack: () => ack(outbox.highestGiven),
        end: () => end(),
        refuse: () => end({ kind: 'refused', status: 401, retryAfterSeconds: 0 }),
        tick: () => time.advance(1_000),
        long: () => time.advance(80_000),
        wake: () => session.wake(),
        sleep: () => session.sleep(10_000),
        outage: () => session.outage(10_000),
        drop: () => session.drop(),
        ping: () => links.at(-1)?.events.pinged(),
      };
      session.start();
      for (const name of steps) {
        acts[name]();
        assert.equal(time.due().length, 1, `after ${name} in ${session.state}`);
        assert.ok(outbox.inFlight <= 4);
        if (session.state !== 'linked') assert.equal(session.link, null);
      }
      for (const { log } of links) {
        const first = log.find((entry) => entry !== 'drop' && !entry.startsWith('close'));
        assert.ok(first === undefined || first.startsWith('hello'), `${first} before the welcome`);
      }
      for (let n = 0; session.state !== 'linked' && n < 3; n++) {
        if (session.state !== 'connecting') time.advance(time.due()[0]);
        welcome(outbox.highestGiven, 1_000);
      }
      assert.equal(session.state, 'linked', 'it reconnects by itself');
    }),
    { seed: 5, numRuns: 300 },
  );
});
