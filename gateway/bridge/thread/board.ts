import type { CommandAnswer, DeviceFacts } from '../calls.js';
import type { Message } from '../messages/message.js';
import { isPublishable, PoisonousTopicError, type Topics } from '../messages/topics.js';
import type { Profile } from '../profiles/profile.js';

/** Answers that wait for the broker. If there are more, the oldest is lost, and counted. */
const answersMax = 10_000;

export interface BoardOptions {
  topics: Topics;
  profile: Profile;
  /** Sends a message; `done` with null once the broker has acknowledged it. */
  publish(message: Message, payload: string, done: (error: Error | null) => void): void;
  /** The broker has refused a message. */
  refused(error: Error): void;
}

/**
 * Publishes everything but telemetry. Of presence and of what the profile announces only the newest counts, and it is published
 * again at each connect, because the broker may have lost it. Answers to commands wait in a queue.
 */
export interface Board {
  /** Since the thread started. `answersLost`: answers that were dropped because too many waited. */
  readonly counts: { acked: number; answersLost: number };
  /** A device is new, or its presence has changed. */
  device(facts: DeviceFacts): void;
  /** A device was edited. It is announced again if its name or model has changed. */
  deviceEdited(facts: DeviceFacts): void;
  deviceRemoved(id: string): void;
  /** The profile has something new to announce of this device. */
  announce(id: string): void;
  answer(answer: CommandAnswer): void;
  /** Publishes all presences and announcements again. */
  everything(): void;
  /** There is a connection that takes `most` messages of the board at a time. */
  connected(most: number): void;
  disconnected(): void;
}

export function createBoard({ topics, profile, publish, refused }: BoardOptions): Board {
  const devices = new Map<string, DeviceFacts>();
  /** What is to be published of each device. Null: it was removed, so its retained messages are cleared. */
  const due = new Map<string, 'presence' | 'all' | null>();
  const removed = new Set<string>();
  let queue: Message[] = [];
  const answers: Message[] = [];
  let window = 0;
  let unanswered = 0;
  let connection = 0;
  const counts = { acked: 0, answersLost: 0 };

  function presenceOf({ id, online, since, lastClose, backAt }: DeviceFacts): Message {
    const body = JSON.stringify({ device: id, online, since, lastClose, backAt });
    return { topic: topics.presence(id), body, newestAt: null, retain: true };
  }

  function messagesOf(id: string, what: 'presence' | 'all' | null): Message[] {
    try {
      const device = devices.get(id);
      if (what === null || device === undefined)
        return [{ topic: topics.presence(id), body: '', newestAt: null, retain: true }, ...profile.withdraw(id)];
      return what === 'all' ? [...profile.announce(device), presenceOf(device)] : [presenceOf(device)];
    } catch (error) {
      if (error instanceof PoisonousTopicError) return [];
      throw error;
    }
  }

  function next(): Message | undefined {
    const answer = answers.shift();
    if (answer !== undefined) return answer;
    for (const [id, what] of due) {
      if (queue.length > 0) break;
      due.delete(id);
      queue = messagesOf(id, what);
    }
    return queue.shift();
  }

  function pump(): void {
    while (unanswered < window) {
      const message = next();
      if (message === undefined) return;
      const sentOn = connection;
      unanswered++;
      publish(message, message.body, (error) => {
        if (sentOn !== connection) return;
        unanswered--;
        if (error === null) counts.acked++;
        else refused(error);
        pump();
      });
    }
  }

  function ask(id: string, what: 'presence' | 'all' | null): void {
    due.set(id, what === 'presence' && due.get(id) === 'all' ? 'all' : what);
    pump();
  }

  function everything(): void {
    for (const id of removed) due.set(id, null);
    for (const id of devices.keys()) due.set(id, 'all');
  }

  function addAnswer(message: Message): void {
    answers.push(message);
    if (answers.length <= answersMax) return;
    answers.shift();
    counts.answersLost++;
  }

  /** Takes what is known of a device now. True if its announcement is another one than before. */
  function learn(facts: DeviceFacts): boolean {
    const known = devices.get(facts.id);
    devices.set(facts.id, facts);
    removed.delete(facts.id);
    return known === undefined || known.model !== facts.model || known.name !== facts.name;
  }

  return {
    device: (facts) => ask(facts.id, learn(facts) ? 'all' : 'presence'),
    deviceEdited: (facts) => (learn(facts) ? ask(facts.id, 'all') : undefined),
    deviceRemoved(id) {
      devices.delete(id);
      removed.add(id);
      ask(id, null);
    },
    announce: (id) => (devices.has(id) ? ask(id, 'all') : undefined),
    answer({ device, name, payload, reply }) {
      const topic = topics.isDeviceId(device) ? topics.answer(device, name) : topics.strayAnswer;
      addAnswer({ topic, body: payload, newestAt: null, retain: false });
      // The gateway would read an answer on a command topic as a command.
      if (reply !== null && isPublishable(reply.topic) && topics.deviceOfCommand(reply.topic) === null)
        addAnswer({ topic: reply.topic, body: payload, newestAt: null, retain: false, correlation: reply.correlation });
      pump();
    },
    everything() {
      everything();
      pump();
    },
    connected(most) {
      connection++;
      unanswered = 0;
      window = most;
      queue = [];
      everything();
      pump();
    },
    disconnected() {
      connection++;
      unanswered = 0;
      window = 0;
    },
    counts,
  };
}
