/**
 * What a situation is and what it is given. stage/ holds what situations share: the stage, the checks, the readings. It plays no
 * scene itself.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Encoding } from '../../../schemas/tables/subprotocols.js';
import { type Client, type ClientEvent, startClient } from '../players/adapter.js';
import type { Gateway } from '../players/gatewayChild.js';
import { type Peer, type PeerLink, startPeer } from '../players/peer.js';
import { Broken } from '../players/waiting.js';
import { readings, usualTable } from './readings.js';

/** The result of one check of a rule in a situation. */
export interface Judgement {
  rule: string;
  /** Why the rule is broken; null: it is kept. */
  reason: string | null;
}

interface Named {
  name: string;
  /** The rules that it judges. Each must be checked, unless the situation ends early. */
  rules: readonly string[];
  /** About how long it takes, if it takes long. */
  seconds?: number;
}

/** Played by a scripted peer. */
export interface PeerSituation extends Named {
  skewMs?: number;
  run(stage: PeerStage): Promise<void>;
}

/** Played by a real gateway, which other situations use at the same time, each with a device of its own. */
export interface GatewaySituation extends Named {
  /** A gateway of its own, which may be stopped. */
  alone?: boolean;
  run(stage: GatewayStage): Promise<void>;
}

export interface StartOptions {
  /** The name of the folder with the device's memory; a situation that gives the name again gives the same folder. */
  memory?: string;
  metrics?: object;
}

export interface Stage {
  encoding: Encoding;
  /** Starts the client and tells it its metric table. */
  start(options?: StartOptions): Client;
  check(rule: string, kept: boolean, reason: string): void;
}

export interface PeerStage extends Stage {
  peer: Peer;
  /** A client on a link, with memory of nothing, that has sent readings 1 to `count` and has no answer yet. */
  begun(rule: string, count: number, options?: StartOptions): Promise<{ client: Client; link: PeerLink }>;
  /** The same with one reading, which is acknowledged. */
  settled(rule: string): Promise<{ client: Client; link: PeerLink }>;
  /** Ends the client's wait once it waits, and takes its link. */
  again(rule: string, client: Client): Promise<PeerLink>;
}

export interface GatewayStage extends Stage {
  gateway: Gateway;
  id: string;
  secret: string;
}

export interface Setting {
  command: readonly string[];
  encoding: Encoding;
  folder: string;
}

export interface Played {
  judgements: Judgement[];
  /** Rules that the client's messages applied and did not break. */
  shown: string[];
  trace: string[];
}

export async function playPeer(situation: PeerSituation, setting: Setting): Promise<Played> {
  const peer = await startPeer({ skewMs: situation.skewMs });
  const who = { url: peer.url, id: probe.id, secret: probe.secret };
  const played = await play(situation, setting, who, (stage) => situation.run(peerStage(stage, peer)));
  peer.close();
  const offences = peer.offences.map(({ rule, reason }): Judgement => ({ rule, reason }));
  return { ...played, judgements: [...played.judgements, ...offences], shown: [...peer.shown] };
}

function peerStage(stage: Stage, peer: Peer): PeerStage {
  async function begun(rule: string, count: number, options?: StartOptions) {
    const client = stage.start(options);
    const link = await peer.link(rule);
    link.welcome(0);
    client.send(readings(1, count));
    await link.frames(rule, count);
    return { client, link };
  }

  return {
    ...stage,
    peer,
    begun,
    async settled(rule) {
      const { client, link } = await begun(rule, 1);
      link.ack(1);
      await client.acked(rule, 1);
      return { client, link };
    },
    async again(rule, client) {
      await client.event(rule, 'waiting');
      client.tell({ do: 'reconnect' });
      return peer.link(rule);
    },
  };
}

/** Who the device is to the scripted peer. */
export const probe = { id: 'probe', secret: `tgd_${'conformance'.repeat(4).slice(0, 43)}` };

export async function playGateway(situation: GatewaySituation, setting: Setting, gateway: Gateway): Promise<Played> {
  const id = `probe-${folderName(situation).slice(0, 50)}`;
  const { secret } = await gateway.api<{ secret: string }>('POST', '/v1/devices', { id });
  return play(situation, setting, { url: gateway.deviceUrl, id, secret }, (stage) =>
    situation.run({ ...stage, gateway, id, secret }),
  );
}

const folderName = ({ name }: Named): string => name.replaceAll(/[^A-Za-z0-9]+/g, '-');

async function play(
  situation: Named,
  { command, encoding, folder }: Setting,
  who: { url: string; id: string; secret: string },
  run: (stage: Stage) => Promise<void>,
): Promise<Played> {
  const judgements: Judgement[] = [];
  const clients: Client[] = [];
  let died = (_: Error): void => {};
  const death = new Promise<never>((_, reject) => {
    died = reject;
  });
  death.catch(() => {});

  function start({
    memory = `memory-${clients.length}`,
    metrics = { table: 1, metrics: usualTable },
  }: StartOptions = {}) {
    const state = join(folder, folderName(situation), memory);
    mkdirSync(state, { recursive: true });
    const client = startClient({ command, encoding, state, ...who });
    clients.push(client);
    void client.exited.then((code) => {
      if (!client.isToEnd()) died(new Error(`the client ended with ${code}: ${client.errors().slice(-300)}`));
    });
    client.tell({ do: 'metrics', ...metrics });
    return client;
  }

  function check(rule: string, kept: boolean, reason: string): void {
    judgements.push({ rule, reason: kept ? null : reason });
  }

  try {
    await Promise.race([run({ encoding, start, check }), death]);
  } catch (error) {
    judgements.push(...broken(situation, judgements, error as Error, clients));
  }
  await Promise.all(clients.map((client) => client.kill()));
  return { judgements, shown: [], trace: clients.flatMap(({ trace }) => trace) };
}

/** If a situation ends early, the rule at which it ended is broken, and the rules that it did not reach fail too. */
function broken({ rules }: Named, judged: Judgement[], error: Error, clients: Client[]): Judgement[] {
  const rule = error instanceof Broken ? error.rule : null;
  const last = clients.at(-1)?.trace.at(-1);
  const reason = `${error.message}${last === undefined ? '' : ` (last: ${last.slice(0, 120)})`}`;
  const reached = new Set(judged.map((judgement) => judgement.rule));
  const rest = rules.filter((other) => other !== rule && !reached.has(other));
  return [
    ...(rule === null ? [] : [{ rule, reason }]),
    ...rest.map((other) => ({ rule: other, reason: `not reached: ${reason}` })),
  ];
}

export const msOf = (event: ClientEvent): number => event.ms as number;
