import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Encoding } from '../../schemas/tables/subprotocols.js';
import { inParallel } from '../api/operatorApi.js';
import { type Gateway, startGateway } from './players/gatewayChild.js';
import type { Finding } from './report.js';
import { commandSituations } from './situations/commandSituations.js';
import { gatewaySituations } from './situations/gatewaySituations.js';
import { handshakeSituations } from './situations/handshakeSituations.js';
import { messageSituations } from './situations/messageSituations.js';
import { numberingSituations } from './situations/numberingSituations.js';
import { reconnectSituations } from './situations/reconnectSituations.js';
import { windowSituations } from './situations/windowSituations.js';
import {
  type GatewaySituation,
  type PeerSituation,
  type Played,
  playGateway,
  playPeer,
  type Setting,
} from './stage/stage.js';

export const peerSituations: PeerSituation[] = [
  ...handshakeSituations,
  ...numberingSituations,
  ...messageSituations,
  ...windowSituations,
  ...reconnectSituations,
  ...commandSituations,
];

export { gatewaySituations };

export interface ConformOptions {
  command: readonly string[];
  encoding: Encoding;
  /** Only situations that judge one of these; empty: all. */
  rules: readonly string[];
  /** Only situations whose name holds this text. */
  situation?: string;
  /** Situations at a time. */
  width: number;
  progress?(name: string, done: number, of: number): void;
}

interface Task {
  name: string;
  seconds: number;
  play(): Promise<Played>;
}

/** Plays all situations, the long ones first, and tells what each said of its rules. */
export async function conform(options: ConformOptions): Promise<Finding[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tidegate-conform-'));
  const setting: Setting = { command: options.command, encoding: options.encoding, folder };
  const gateways = createGateways(folder);
  const findings: Finding[] = [];
  const tasks = tasksOf(setting, options, gateways);
  try {
    await inParallel(tasks, options.width, async ({ name, play }) => {
      const startedAt = Date.now();
      findings.push({ name, seconds: 0, ...(await play()) });
      findings[findings.length - 1].seconds = (Date.now() - startedAt) / 1000;
      options.progress?.(name, findings.length, tasks.length);
    });
  } finally {
    await gateways.stop();
    rmSync(folder, { recursive: true, force: true });
  }
  return findings;
}

interface Chosen {
  name: string;
  rules: readonly string[];
  seconds?: number;
}

/** Which situations to play. What none is made for, such as the form of messages, is seen in any. */
export function chooser(rules: readonly string[], part = ''): (situation: Chosen) => boolean {
  const judges = (situation: Chosen, rule: string): boolean => situation.rules.includes(rule);
  const all = [...peerSituations, ...gatewaySituations];
  const seenAnywhere = rules.some((rule) => !all.some((situation) => judges(situation, rule)));
  return (situation) =>
    situation.name.includes(part) &&
    (rules.length === 0 ||
      rules.some((rule) => judges(situation, rule)) ||
      (seenAnywhere && situation.seconds === undefined && situation.rules.some((rule) => rule.startsWith('N'))));
}

function tasksOf(setting: Setting, { rules, situation: part = '' }: ConformOptions, gateways: Gateways): Task[] {
  const judges = chooser(rules, part);
  const scripted = peerSituations.filter(judges).map(
    (situation): Task => ({
      name: situation.name,
      seconds: situation.seconds ?? 0,
      play: () => playPeer(situation, setting),
    }),
  );
  const real = gatewaySituations.filter(judges).map(
    (situation): Task => ({
      name: situation.name,
      seconds: situation.seconds ?? 0,
      play: async () => playGateway(situation, setting, await gateways.of(situation)),
    }),
  );
  return [...scripted, ...real].sort((a, b) => b.seconds - a.seconds);
}

type Gateways = ReturnType<typeof createGateways>;

/** One gateway for all situations that leave it running, and one for each that does not. */
function createGateways(folder: string) {
  const started: Promise<Gateway>[] = [];
  let shared: Promise<Gateway> | null = null;

  function start(): Promise<Gateway> {
    const gateway = startGateway(join(folder, `gateway-${started.length}`));
    started.push(gateway);
    return gateway;
  }

  return {
    of: ({ alone }: GatewaySituation): Promise<Gateway> => (alone ? start() : (shared ??= start())),
    async stop(): Promise<void> {
      for (const gateway of await Promise.allSettled(started))
        if (gateway.status === 'fulfilled') await gateway.value.stop();
    },
  };
}
