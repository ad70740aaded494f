import { connect, type IClientOptions, type IPublishPacket, type MqttClient, type Packet, Store } from 'mqtt';
import type { BrokerOptions, IncomingCommand, Reply } from '../calls.js';
import type { Message } from '../messages/message.js';

/** MQTT 5: how long the broker keeps our subscriptions, and the commands that come while we are away. */
const sessionSeconds = 3_600;

const connectTimeoutMs = 10_000;

/** A message on a topic that we subscribe to. */
export interface Incoming extends Omit<IncomingCommand, 'messageNumber'> {}

export interface SessionEvents {
  /** The broker publishes it if the connection ends without a disconnect. */
  will: { topic: string; payload: string };
  filters: readonly string[];
  connected(session: Session): void;
  /** The message is acknowledged to the broker when `done` is called; until then nothing more is read from it. */
  message(message: Incoming, done: () => void): void;
  subscribeFailed(error: Error): void;
  /** Called once per session. */
  closed(why: string): void;
}

/** An open connection to the broker. */
export interface Session {
  /** Publishes that the broker takes at a time. */
  receiveMax: number;
  /** Largest packet that the broker takes. */
  packetBytesMax: number;
  publish(message: Message, payload: string, done: (error: Error | null) => void): void;
  /** Disconnects once everything under way is acknowledged. */
  end(): Promise<void>;
  /** Cuts the connection: the broker publishes the will. */
  drop(): void;
}

/** The client itself never sends anything again: the outbox does that, from the log. */
class NoStore extends Store {
  override put(_packet: Packet, done: () => void): this {
    done();
    return this;
  }
  override del(packet: Pick<Packet, 'messageId'>, done: (error?: Error, packet?: Packet) => void): this {
    done(undefined, packet as Packet);
    return this;
  }
}

/** Opens one connection to the broker. It is never opened again by itself: after `closed`, the caller opens a new one. */
export function openSession(
  options: BrokerOptions,
  events: SessionEvents,
  expirySeconds: number | null,
): { drop(): void } {
  const isFive = options.protocolVersion === 5;
  const client = connect(options.url, clientOptions(options, events.will));
  let why = 'the connection was lost';
  let ended = false;

  function closed(): void {
    if (ended) return;
    ended = true;
    client.end(true);
    events.closed(why);
  }

  client.on('connect', ({ properties }) => {
    if (ended) return;
    // Bursts of small packets both ways: with Nagle's algorithm each would wait for the other side's delayed ack.
    (client.stream as { setNoDelay?(on: boolean): void }).setNoDelay?.(true);
    if (properties?.maximumQoS === 0) {
      why = 'the broker takes no QoS 1';
      return closed();
    }
    const filters = events.filters.map((topic) => [topic, { qos: 1 as const, ...(isFive ? { nl: true, rh: 2 } : {}) }]);
    client.subscribe(Object.fromEntries(filters), (error) => {
      if (error != null && !ended) events.subscribeFailed(error);
    });
    events.connected({
      receiveMax: properties?.receiveMaximum ?? 65_535,
      packetBytesMax: properties?.maximumPacketSize ?? Number.POSITIVE_INFINITY,
      publish: publishOver(client, isFive, properties?.retainAvailable !== false, expirySeconds),
      end: () =>
        new Promise((resolve) => {
          ended = true;
          client.end(false, () => resolve());
        }),
      drop(): void {
        ended = true;
        client.end(true);
      },
    });
  });
  client.handleMessage = (packet, done) => events.message(incomingOf(packet), () => done());
  client.on('error', (error) => {
    why = reasonOf(error);
    closed();
  });
  client.on('disconnect', ({ reasonCode }) => {
    why = `the broker ended the connection with reason ${reasonCode}`;
  });
  client.on('close', closed);
  return { drop: closed };
}

function clientOptions(options: BrokerOptions, will: SessionEvents['will']): IClientOptions {
  const { clientId, protocolVersion, keepaliveSeconds, username, password, tls } = options;
  return {
    clientId,
    protocolVersion,
    keepalive: keepaliveSeconds,
    clean: false,
    reconnectPeriod: 0,
    connectTimeout: connectTimeoutMs,
    queueQoSZero: false,
    resubscribe: false,
    outgoingStore: new NoStore(),
    will: { ...will, payload: Buffer.from(will.payload), qos: 1, retain: true },
    ...(protocolVersion === 5 ? { properties: { sessionExpiryInterval: sessionSeconds } } : {}),
    ...(username === null ? {} : { username }),
    ...(password === null ? {} : { password }),
    ...(tls.ca === null ? {} : { ca: tls.ca }),
    ...(tls.cert === null ? {} : { cert: tls.cert }),
    ...(tls.key === null ? {} : { key: tls.key }),
    ...(tls.serverName === null ? {} : { servername: tls.serverName }),
  };
}

function publishOver(
  client: MqttClient,
  isFive: boolean,
  canRetain: boolean,
  expirySeconds: number | null,
): Session['publish'] {
  return ({ topic, newestAt, retain, correlation = null }, payload, done) => {
    const properties: NonNullable<IPublishPacket['properties']> = { contentType: 'application/json' };
    if (newestAt !== null && expirySeconds !== null) properties.messageExpiryInterval = expirySeconds;
    if (correlation !== null) properties.correlationData = Buffer.from(correlation);
    client.publish(
      topic,
      payload,
      { qos: 1, retain: retain && canRetain, ...(isFive ? { properties } : {}) },
      (error) => done(error ?? null),
    );
  };
}

function incomingOf({ topic, payload, retain, properties }: IPublishPacket): Incoming {
  const replyTopic = properties?.responseTopic;
  const reply: Reply | null =
    replyTopic === undefined ? null : { topic: replyTopic, correlation: properties?.correlationData ?? null };
  return { topic, payload: typeof payload === 'string' ? Buffer.from(payload) : payload, retained: retain, reply };
}

function reasonOf(error: Error & { code?: string | number; errors?: Error[] }): string {
  const message = error.message || error.errors?.[0]?.message || 'unknown error';
  return error.code === undefined || message.includes(String(error.code)) ? message : `${message} (${error.code})`;
}
