import { randomUUID } from 'node:crypto';
import type { Client } from '../players/adapter.js';
import type { Peer, PeerLink } from '../players/peer.js';
import { pass } from '../players/waiting.js';
import type { CommandWord } from '../players/wire.js';
import type { PeerSituation } from '../stage/stage.js';

type Known = CommandWord['known'];

/** A command with a minute left. */
function commandOf(peer: Peer, name: string, params: object = {}, known: Known = 0): CommandWord {
  const id = randomUUID();
  return {
    type: 'command',
    id,
    name,
    params: params as CommandWord['params'],
    expiresAt: peer.now() + 60_000,
    ttlMs: 60_000,
    known,
  };
}

/** Long enough for what the client wrote to its stdout before its answer to be read. */
const readMs = 300;

async function timesRun(clients: Client[], id: string): Promise<number> {
  await pass(readMs);
  return clients.flatMap((client) => client.all('executed')).filter((event) => event.id === id).length;
}

const outcomeOf = ({ state, result, error }: { state: string; result?: unknown; error?: unknown }): string =>
  `${state} ${JSON.stringify((state === 'succeeded' ? result : (error as { code?: unknown })?.code) ?? null)}`;

async function linked(rule: string, peer: Peer): Promise<PeerLink> {
  const link = await peer.link(rule);
  link.welcome(0);
  return link;
}

/** A command that was sent before, and that the device does not remember. */
function unremembered(known: Known): PeerSituation {
  return {
    name: `a command that it does not remember, known ${known}`,
    rules: ['C-4'],
    async run({ start, peer, check }) {
      const client = start();
      const link = await linked('C-4', peer);
      const command = commandOf(peer, 'add', { a: 1, b: 2 }, known);
      link.say(command);
      const word = outcomeOf(await link.finalWord('C-4', command.id));
      const ran = await timesRun([client], command.id);
      check(
        'C-4',
        word === 'failed "lost"' && ran === 0,
        `known ${known}: it answered ${word} and ran it ${ran} times`,
      );
      const harmless = commandOf(peer, 'set_interval', { seconds: 5 }, known);
      link.say(harmless);
      const answer = outcomeOf(await link.finalWord('C-4', harmless.id));
      const fits = answer === 'succeeded {"interval":5}' || answer === 'failed "lost"';
      check('C-4', fits, `known ${known}: it answered an idempotent command with ${answer}`);
    },
  };
}

/** A command whose final state was lost comes again on another link. */
function repeated(known: Known): PeerSituation {
  return {
    name: `a repeated command, known ${known}`,
    rules: ['C-9'],
    async run({ start, peer, again, check }) {
      const client = start();
      const link = await linked('C-9', peer);
      const command = commandOf(peer, 'add', { a: 20, b: 22 });
      link.say(command);
      await link.finalWord('C-9', command.id);
      link.cut();
      const second = await again('C-9', client);
      second.welcome(0);
      second.say({ ...command, known, ttlMs: 1, expiresAt: peer.now() - 1 });
      const word = outcomeOf(await second.finalWord('C-9', command.id));
      const ran = await timesRun([client], command.id);
      check('C-9', word === 'succeeded {"sum":42}', `it answered the repeat with ${word}`);
      check('C-9', ran === 1, `it ran the command ${ran} times`);
    },
  };
}

export const commandSituations: PeerSituation[] = [
  {
    name: 'commands run and are answered',
    rules: ['C-6', 'C-14'],
    async run({ start, peer, check }) {
      start();
      const link = await linked('C-6', peer);
      const wanted: [string, object, string][] = [
        ['add', { a: 1, b: 2 }, 'succeeded {"sum":3}'],
        ['set_interval', { seconds: 5 }, 'succeeded {"interval":5}'],
        ['fail', {}, 'failed "broken"'],
        ['paint', { colour: 'blue' }, 'rejected "unknown_command"'],
      ];
      for (const [name, params, outcome] of wanted) {
        const command = commandOf(peer, name, params);
        link.say(command);
        const word = outcomeOf(await link.finalWord('C-6', command.id));
        check(
          outcome.startsWith('succeeded') ? 'C-6' : 'C-14',
          word === outcome,
          `it answered ${name} with ${word}; it must be ${outcome}`,
        );
        const states = link.updates(command.id).join(' ');
        check('C-6', /^(received )?(running )*\w+$/.test(states), `the states of ${name} were ${states}`);
      }
    },
  },
  {
    name: 'a command of the largest size',
    rules: ['C-7'],
    async run({ start, peer, check }) {
      start();
      const link = await linked('C-7', peer);
      const bare = JSON.stringify({ a: 1, b: 2, pad: '' }).length + 'add'.length;
      const command = commandOf(peer, 'add', { a: 1, b: 2, pad: 'x'.repeat(1_024 - bare) });
      link.say(command);
      const word = outcomeOf(await link.finalWord('C-7', command.id));
      check(
        'C-7',
        word === 'succeeded {"sum":3}',
        `it answered a command with 1,024 bytes of name and parameters with ${word}`,
      );
    },
  },
  ...([0, 1, 2, 255] as const).map(repeated),
  ...([1, 2, 255] as const).map(unremembered),
  {
    name: 'eight commands are remembered',
    rules: ['C-3'],
    async run({ start, peer, check }) {
      const client = start();
      const link = await linked('C-3', peer);
      const commands = Array.from({ length: 8 }, (_, n) => commandOf(peer, 'add', { a: n, b: n }));
      for (const command of commands) {
        link.say(command);
        await link.finalWord('C-3', command.id);
      }
      link.say({ ...commands[0], known: 255 });
      const word = outcomeOf(await link.finalWord('C-3', commands[0].id));
      const ran = await timesRun([client], commands[0].id);
      check(
        'C-3',
        word === 'succeeded {"sum":0}' && ran === 1,
        `the first of eight commands came again: it answered ${word} and ran it ${ran} times`,
      );
    },
  },
  {
    name: 'an outcome survives a restart',
    rules: ['C-8'],
    async run({ start, peer, check }) {
      const before = start({ memory: 'kept' });
      const link = await linked('C-8', peer);
      const command = commandOf(peer, 'add', { a: 1, b: 1 });
      link.say(command);
      await link.finalWord('C-8', command.id);
      await before.stop('C-8');
      const after = start({ memory: 'kept' });
      const second = await linked('C-8', peer);
      second.say({ ...command, known: 255 });
      const word = outcomeOf(await second.finalWord('C-8', command.id));
      const ran = await timesRun([before, after], command.id);
      check(
        'C-8',
        word === 'succeeded {"sum":2}' && ran === 1,
        `after a restart it answered ${word}; the command ran ${ran} times`,
      );
    },
  },
  {
    name: 'a power cut during a command',
    rules: ['C-10'],
    async run({ start, peer, check }) {
      const before = start({ memory: 'kept' });
      const link = await linked('C-10', peer);
      const command = commandOf(peer, 'add', { a: 1, b: 1 });
      link.say(command);
      await before.event('C-10', 'executed');
      await before.kill();
      const after = start({ memory: 'kept' });
      const second = await linked('C-10', peer);
      second.say({ ...command, known: 255 });
      const word = outcomeOf(await second.finalWord('C-10', command.id));
      const ran = await timesRun([before, after], command.id);
      const honest = word === 'succeeded {"sum":2}' || word === 'failed "lost"';
      check('C-10', honest && ran === 1, `killed during a command, it answered ${word}; the command ran ${ran} times`);
    },
  },
  ...[2, -2].map(
    (hours): PeerSituation => ({
      name: `an overdue command, gateway clock ${hours > 0 ? 'ahead' : 'behind'}`,
      rules: ['C-5', 'C-13'],
      skewMs: hours * 3_600_000,
      async run({ start, peer, check }) {
        const client = start();
        const link = await linked('C-5', peer);
        await client.event('C-5', 'welcome');
        const overdue = { ...commandOf(peer, 'add', { a: 1, b: 2 }), expiresAt: peer.now() - 30_000, ttlMs: 1 };
        link.say(overdue);
        const word = outcomeOf(await link.finalWord('C-5', overdue.id));
        const ran = await timesRun([client], overdue.id);
        check(
          'C-5',
          word === 'rejected "expired"' && ran === 0,
          `30 s overdue: it answered ${word} and ran it ${ran} times`,
        );
        const inTime = commandOf(peer, 'add', { a: 1, b: 2 });
        link.say(inTime);
        const answer = outcomeOf(await link.finalWord('C-13', inTime.id));
        check(
          'C-13',
          answer === 'succeeded {"sum":3}',
          `with a minute left by the gateway's clock it answered ${answer}`,
        );
      },
    }),
  ),
  {
    name: 'an overdue command that it does not remember, known 255',
    rules: ['C-12'],
    async run({ start, peer, check }) {
      const client = start();
      const link = await linked('C-12', peer);
      await client.event('C-12', 'welcome');
      for (const [name, params] of [
        ['add', { a: 1, b: 2 }],
        ['set_interval', { seconds: 5 }],
      ] as const) {
        const overdue = { ...commandOf(peer, name, params, 255), expiresAt: peer.now() - 30_000, ttlMs: 1 };
        link.say(overdue);
        const word = outcomeOf(await link.finalWord('C-12', overdue.id));
        const ran = await timesRun([client], overdue.id);
        check(
          'C-12',
          word === 'failed "lost"' && ran === 0,
          `it answered ${name} with ${word} and ran it ${ran} times`,
        );
      }
    },
  },
  {
    name: 'a command that comes again while it runs',
    rules: ['C-11'],
    async run({ start, peer, again, check }) {
      const client = start();
      const link = await linked('C-11', peer);
      link.cut();
      const second = await again('C-11', client);
      second.welcome(0);
      const command = commandOf(peer, 'add', { a: 1, b: 2 });
      second.say(command);
      second.say({ ...command, known: 255 });
      await second.finalWord('C-11', command.id);
      const ran = await timesRun([client], command.id);
      check('C-11', ran === 1, `a command that was sent twice in a row ran ${ran} times`);
    },
  },
];
