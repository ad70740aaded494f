import { type CloseName, closeCodes } from '../../../schemas/tables/closeCodes.js';
import { limits } from '../../../schemas/tables/limits.js';
import type { Client, ClientEvent } from '../players/adapter.js';
import type { Answer, PeerLink } from '../players/peer.js';
import { Broken, pass, patienceMs } from '../players/waiting.js';
import { listOf, reading, readings } from '../stage/readings.js';
import { msOf, type PeerSituation, type PeerStage } from '../stage/stage.js';

const soon = { base: 500, max: 30_000 };
const slowly = { base: 300_000, max: 3_600_000 };
type Span = typeof soon;

const spanOf = ({ base, max }: Span, failures: number): number => Math.min(max, base * 2 ** failures);
/** Clients round to whole ms, each in its own way. */
const roundingMs = 2;

/** One wait after the other, each ended at once, until `count` were seen. */
async function waits(rule: string, client: Client, count: number, each: () => Promise<unknown>): Promise<number[]> {
  const seen: number[] = [];
  while (seen.length < count) {
    await each();
    seen.push(msOf(await client.event(rule, 'waiting')));
    client.tell({ do: 'reconnect' });
  }
  return seen;
}

/** The first wait that full jitter cannot give after that many failures, in words; or null. */
function outside(seen: readonly number[], span: Span, told = 0): string | null {
  const at = seen.findIndex((ms, i) => ms < told || ms > told + spanOf(span, i) + roundingMs);
  if (at < 0) return null;
  const [from, to] = [told, told + spanOf(span, at)];
  return `wait ${at + 1} in a row was ${seen[at]} ms; it must be in [${from}, ${to})`;
}

/** Closes each link after its welcome, before anything was acknowledged. */
function closing(stage: PeerStage, rule: string, code: number, reason = ''): () => Promise<void> {
  return async () => {
    const link = await stage.peer.link(rule);
    link.welcome(0);
    link.close(code, reason);
    await link.ended;
  };
}

function refusing({ peer }: PeerStage, rule: string, answer: Answer): () => Promise<unknown> {
  peer.answer(answer);
  return () => peer.attempt(rule);
}

/** Of 20 waits, full jitter has one below 45 % of its span but for 6 in a million. */
function checkJitter(stage: PeerStage, rule: string, seen: readonly number[], span: Span): void {
  const shares = seen.map((ms, i) => ms / spanOf(span, i));
  const [least, most] = [Math.min(...shares), Math.max(...shares)];
  const words = shares.map((share) => share.toFixed(2)).join(' ');
  stage.check(
    rule,
    most - least > 0.1 && least < 0.45,
    `no full jitter: the waits, as shares of their spans, were ${words}`,
  );
}

function closeSituation(name: CloseName): PeerSituation {
  const { code, comeBack } = closeCodes[name];
  const rule = comeBack === 'soon' ? 'R-1' : 'R-2';
  return {
    name: `close ${code} ${name.replaceAll('_', ' ')}`,
    rules: [rule],
    async run(stage) {
      const client = stage.start();
      const seen = await waits(rule, client, 4, closing(stage, rule, code));
      const told = client.all('closed').map((event) => event.code);
      stage.check(rule, told[0] === code, `it reported close ${told[0]}; the gateway closed with ${code}`);
      if (comeBack === 'soon') return checkOutside(stage, rule, `after close ${code}`, outside(seen, soon));
      checkSlow(stage, `after close ${code}`, seen);
    },
  };
}

function checkOutside(stage: PeerStage, rule: string, after: string, wrong: string | null): void {
  stage.check(rule, wrong === null, `${after}: ${wrong}`);
}

/** Four slow waits are all below 30 s once in 600,000 runs. */
function checkSlow(stage: PeerStage, after: string, seen: readonly number[]): void {
  checkOutside(stage, 'R-2', after, outside(seen, slowly));
  stage.check('R-2', Math.max(...seen) > 30_000, `${after} it came back soon: ${seen.join(', ')} ms`);
}

function slowRefusal(status: number): PeerSituation {
  return {
    name: `HTTP ${status}`,
    rules: ['R-2'],
    async run(stage) {
      const client = stage.start();
      const seen = await waits('R-2', client, 4, refusing(stage, 'R-2', { kind: 'refuse', status }));
      const [first] = client.all('refused');
      stage.check(
        'R-2',
        first?.status === status,
        `it reported ${JSON.stringify(first)}; the gateway answered HTTP ${status}`,
      );
      checkSlow(stage, `after HTTP ${status}`, seen);
    },
  };
}

function retryAfter(status: number): PeerSituation {
  return {
    name: `HTTP ${status} with Retry-After`,
    rules: ['R-9'],
    async run(stage) {
      const client = stage.start();
      const refuse: Answer = { kind: 'refuse', status, headers: { 'Retry-After': '7' } };
      const seen = await waits('R-9', client, 4, refusing(stage, 'R-9', refuse));
      checkOutside(stage, 'R-9', `after HTTP ${status} with Retry-After: 7`, outside(seen, soon, 7_000));
    },
  };
}

export const reconnectSituations: PeerSituation[] = [
  ...(Object.keys(closeCodes) as CloseName[]).map(closeSituation),
  ...[400, 401, 403].map(slowRefusal),
  ...[429, 503].map(retryAfter),
  {
    name: 'full jitter over a doubling span',
    rules: ['R-1'],
    async run(stage) {
      const client = stage.start();
      const seen = await waits('R-1', client, 20, refusing(stage, 'R-1', { kind: 'refuse', status: 503 }));
      checkOutside(stage, 'R-1', 'after HTTP 503', outside(seen, soon));
      checkJitter(stage, 'R-1', seen, soon);
    },
  },
  {
    name: 'a connection that breaks at once',
    rules: ['R-1'],
    async run(stage) {
      const client = stage.start();
      const seen = await waits('R-1', client, 6, refusing(stage, 'R-1', { kind: 'drop' }));
      checkOutside(stage, 'R-1', 'after a connection that broke', outside(seen, soon));
    },
  },
  {
    name: 'a lost link, and a link that worked before',
    rules: ['R-1', 'R-10'],
    async run(stage) {
      const { peer, start } = stage;
      const client = start();
      const seen = await waits('R-1', client, 5, async () => {
        const link = await peer.link('R-1');
        link.welcome(0);
        link.cut();
      });
      checkOutside(stage, 'R-1', 'after a lost link', outside(seen, soon));
      const link = await peer.link('R-10');
      link.welcome(0);
      client.send([reading(1)]);
      await link.frame('R-10');
      link.ack(1);
      await client.acked('R-10', 1);
      link.cut();
      const after = msOf(await client.event('R-10', 'waiting'));
      stage.check(
        'R-10',
        after <= soon.base + roundingMs,
        `after a link with an ack the span is ${soon.base} ms again, but it waits ${after} ms`,
      );
    },
  },
  {
    name: 'the wait starts with retryAfterMs',
    rules: ['R-9'],
    async run(stage) {
      const client = stage.start();
      const seen = await waits('R-9', client, 3, closing(stage, 'R-9', 4001, '{"retryAfterMs":5000}'));
      checkOutside(stage, 'R-9', 'after retryAfterMs 5000', outside(seen, soon, 5_000));
    },
  },
  {
    name: 'a close reason without a time',
    rules: ['R-9'],
    async run(stage) {
      const client = stage.start();
      const reasons = ['busy', '{"retryAfterMs":"long"}', '{', ''];
      const seen = await waits('R-9', client, 4, () => closing(stage, 'R-9', 4001, reasons.pop())());
      checkOutside(stage, 'R-9', 'after a close with another reason', outside(seen, soon));
    },
  },
  {
    name: 'the client waits as long as it reports',
    rules: ['R-1'],
    async run({ start, peer, check }) {
      const client = start();
      const link = await peer.link('R-1');
      await peer.attempt('R-1');
      link.welcome(0);
      // From before it can know of it: however late this process sees the end, a right client does not look early.
      const closedAt = Date.now();
      link.close(4000, '{"retryAfterMs":1500}');
      const ms = msOf(await client.event('R-1', 'waiting'));
      const attempt = await peer.attempt('R-1');
      const waited = attempt.at - closedAt;
      check(
        'R-1',
        waited >= Math.max(1_400, ms - 100),
        `it reported a wait of ${ms} ms, of which the gateway asked for 1500, and came back after ${waited}`,
      );
    },
  },
  {
    name: 'a silent gateway',
    rules: ['R-4', 'R-15', 'R-3'],
    seconds: 95,
    async run({ settled, again, check }) {
      const { client, link } = await settled('R-4');
      const silentSince = Date.now();
      link.freeze();
      const { deviceSilenceSeconds } = limits;
      const { at } = await droppedBy('R-4', client, deviceSilenceSeconds, 'the last message');
      const seconds = (at - silentSince) / 1000;
      check(
        'R-4',
        seconds > deviceSilenceSeconds - 10,
        `it dropped the link after ${seconds} s of silence, which is too early`,
      );
      // The silent peer has answered no close, so a link that has ended was dropped.
      const second = await again('R-15', client);
      check('R-15', true, '');
      second.welcome(1);
      link.thaw();
      link.close(closeCodes.replaced.code);
      client.send([reading(2)]);
      const said = listOf(await second.frames('R-3', 1));
      second.ack(2);
      await client.acked('R-3', 2);
      await pass(500);
      check('R-3', said === '2=r2' && second.isOpen(), `4100 on the dropped link ended the new link (it sent ${said})`);
    },
  },
  {
    name: 'pings count as heard',
    rules: ['R-14'],
    seconds: 90,
    async run({ settled, check }) {
      const { client, link } = await settled('R-14');
      await pinging(link, limits.deviceSilenceSeconds + 13);
      const closed = client.all('closed')[0];
      check('R-14', link.isOpen() && closed === undefined, 'it dropped a link that was idle, but had pings');
    },
  },
  {
    name: 'an overdue ack',
    rules: ['R-13', 'N-5'],
    seconds: 50,
    async run({ start, peer, again, check }) {
      const client = start();
      const link = await peer.link('R-13');
      link.welcome(0);
      const pings = setInterval(() => link.isOpen() && link.ping(), 5_000);
      try {
        client.send(readings(1, 2));
        await link.frames('R-13', 2);
        const sentAt = Date.now();
        const { at } = await droppedBy('R-13', client, limits.ackOverdueSeconds, 'a frame that got no ack');
        const seconds = (at - sentAt) / 1000;
        check(
          'R-13',
          seconds > limits.ackOverdueSeconds - 5,
          `it dropped the link ${seconds} s after a frame without an ack, which is too early`,
        );
      } finally {
        clearInterval(pings);
      }
      const second = await again('R-13', client);
      second.welcome(0);
      const said = listOf(await second.frames('N-5', 2));
      check('N-5', said === '1=r1 2=r2', `after an overdue ack it sent ${said}`);
    },
  },
  {
    name: 'going to sleep',
    rules: ['R-5'],
    async run({ settled, peer, check }) {
      const { client, link } = await settled('R-5');
      client.tell({ do: 'sleep', backInMs: 60_000 });
      const { code, reason } = await Promise.race([link.ended, late('R-5', 'close before sleep')]);
      check('R-5', code === 1000 && isBackIn(reason, 60_000), `it closed with ${code} and the reason "${reason}"`);
      // A wait that has not started cannot be ended, so the request is repeated.
      const hurrying = setInterval(() => client.tell({ do: 'reconnect' }), 250);
      const second = await peer.link('R-5').finally(() => clearInterval(hurrying));
      second.welcome(1);
      client.send([reading(2)]);
      check(
        'R-5',
        listOf(await second.frames('R-5', 1)) === '2=r2',
        'after its sleep it did not continue with frame 2',
      );
    },
  },
  {
    name: 'stopping',
    rules: ['R-5'],
    async run({ start, peer, check }) {
      const client = start();
      const link = await peer.link('R-5');
      link.welcome(0);
      await client.event('R-5', 'welcome');
      const status = await client.stop('R-5');
      const { code } = await Promise.race([link.ended, late('R-5', 'close when stopped')]);
      check('R-5', code === 1000 && status === 0, `when stopped it closed with ${code} and exited with ${status}`);
    },
  },
];

/** The event of the link's end, which must come soon after the limit: clients look at their clock every few seconds. */
async function droppedBy(rule: string, client: Client, seconds: number, what: string): Promise<ClientEvent> {
  const grain = 17;
  try {
    return await client.event(rule, 'closed', undefined, (seconds + grain) * 1000);
  } catch {
    throw new Broken(rule, `${seconds + grain} s after ${what} it still keeps the link`);
  }
}

/** Sends pings and nothing else, as a gateway does on an idle link. */
async function pinging(link: PeerLink, seconds: number): Promise<void> {
  const pingEverySeconds = 10;
  for (let left = seconds; left > 0 && link.isOpen(); left -= pingEverySeconds) {
    link.ping();
    await pass(Math.min(left, pingEverySeconds) * 1000);
  }
}

function isBackIn(reason: string, ms: number): boolean {
  try {
    return (JSON.parse(reason) as { backInMs?: number }).backInMs === ms;
  } catch {
    return false;
  }
}

async function late(rule: string, what: string): Promise<never> {
  await pass(patienceMs);
  throw new Broken(rule, `no ${what} within ${patienceMs / 1000} s`);
}
