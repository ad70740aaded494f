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

/** A command that was sent before, of which the device knows nothing. */
function unremembered(known: Known): PeerSituation {
  return {
    name: `a command it does not remember, known ${known}`,
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
      check('C-4', fits, `an idempotent command with known ${known} was answered ${answer}`);
    },
  };
}

/** On another link, a command whose final word was lost comes again. */
function repeated(known: Known): PeerSituation {
  return {
    name: `a repeated command, known ${known}`,
    rules: ['C-3'],
    async run({ start, peer, again, check }) {
      const client = start();
      const link = await linked('C-3', peer);
      const command = commandOf(peer, 'add', { a: 20, b: 22 });
      link.say(command);
      await link.finalWord('C-3', command.id);
      link.cut();
      const second = await again('C-3', client);
      second.welcome(0);
      second.say({ ...command, known, ttlMs: 1, expiresAt: peer.now() - 1 });
      const word = outcomeOf(await second.finalWord('C-3', command.id));
      const ran = await timesRun([client], command.id);
      check('C-3', word === 'succeeded {"sum":42}', `the repeat was answered ${word}`);
      check('C-3', ran === 1, `it ran ${ran} times`);
    },
  };
}

export const commandSituations: PeerSituation[] = [
  {
    name: 'commands are carried out',
    rules: ['C-6'],
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
        check('C-6', word === outcome, `${name} was answered ${word}; it must be ${outcome}`);
        const states = link.updates(command.id).join(' ');
        check('C-6', /^(received )?(running )*\w+$/.test(states), `the states of ${name} were ${states}`);
      }
    },
  },
  {
    name: 'a command as large as it may be',
    rules: ['C-7'],
    async run({ start, peer, check }) {
      start();
      const link = await linked('C-7', peer);
      const bare = JSON.stringify({ a: 1, b: 2, pad: '' }).length + 'add'.length;
      const command = commandOf(peer, 'add', { a: 1, b: 2, pad: 'x'.repeat(1_024 - bare) });
      link.say(command);
      const word = outcomeOf(await link.finalWord('C-7', command.id));
      check('C-7', word === 'succeeded {"sum":3}', `1,024 bytes of name and parameters were answered ${word}`);
    },
  },
  ...([0, 1, 2, 255] as const).map(repeated),
  ...([1, 2, 255] as const).map(unremembered),
  {
    name: 'eight ids are kept',
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
        `the first of eight came again: ${word}, run ${ran} times`,
      );
    },
  },
  {
    name: 'an outcome outlives a restart',
    rules: ['C-3'],
    async run({ start, peer, check }) {
      const before = start({ memory: 'kept' });
      const link = await linked('C-3', peer);
      const command = commandOf(peer, 'add', { a: 1, b: 1 });
      link.say(command);
      await link.finalWord('C-3', command.id);
      await before.stop('C-3');
      const after = start({ memory: 'kept' });
      const second = await linked('C-3', peer);
      second.say({ ...command, known: 255 });
      const word = outcomeOf(await second.finalWord('C-3', command.id));
      const ran = await timesRun([before, after], command.id);
      check('C-3', word === 'succeeded {"sum":2}' && ran === 1, `after a restart: ${word}, run ${ran} times`);
    },
  },
  {
    name: 'a power cut in the middle of a command',
    rules: ['C-3'],
    async run({ start, peer, check }) {
      const before = start({ memory: 'kept' });
      const link = await linked('C-3', peer);
      const command = commandOf(peer, 'add', { a: 1, b: 1 });
      link.say(command);
      await before.event('C-3', 'executed');
      await before.kill();
      const after = start({ memory: 'kept' });
      const second = await linked('C-3', peer);
      second.say({ ...command, known: 255 });
      const word = outcomeOf(await second.finalWord('C-3', command.id));
      const ran = await timesRun([before, after], command.id);
      const honest = word === 'succeeded {"sum":2}' || word === 'failed "lost"';
      check('C-3', honest && ran === 1, `killed while it ran a command: ${word}, run ${ran} times`);
    },
  },
  ...[2, -2].map(
    (hours): PeerSituation => ({
      name: `overdue by the clock of a gateway ${hours > 0 ? 'ahead' : 'behind'}`,
      rules: ['C-5'],
      skewMs: hours * 3_600_000,
      async run({ start, peer, check }) {
        const client = start();
        const link = await linked('C-5', peer);
        await client.event('C-5', 'welcome');
        const overdue = { ...commandOf(peer, 'add', { a: 1, b: 2 }), expiresAt: peer.now() - 30_000, ttlMs: 1 };
        link.say(overdue);
        const word = outcomeOf(await link.finalWord('C-5', overdue.id));
        const ran = await timesRun([client], overdue.id);
        check('C-5', word === 'rejected "expired"' && ran === 0, `30 s overdue: ${word}, run ${ran} times`);
        const inTime = commandOf(peer, 'add', { a: 1, b: 2 });
        link.say(inTime);
        const answer = outcomeOf(await link.finalWord('C-5', inTime.id));
        check('C-5', answer === 'succeeded {"sum":3}', `with a minute left by the gateway's clock: ${answer}`);
      },
    }),
  ),
  {
    name: 'an answer for a link that is gone',
    rules: ['C-6'],
    async run({ start, peer, again, check }) {
      const client = start();
      const link = await linked('C-6', peer);
      link.cut();
      const second = await again('C-6', client);
      second.welcome(0);
      const command = commandOf(peer, 'add', { a: 1, b: 2 });
      second.say(command);
      second.say({ ...command, known: 255 });
      await second.finalWord('C-6', command.id);
      const ran = await timesRun([client], command.id);
      check('C-6', ran === 1, `one command, told twice in a row, ran ${ran} times`);
    },
  },
];
