import type { CommandAnswer, DeviceFacts } from '../calls.js';
import type { Message } from '../messages/message.js';
import { isPublishable, PoisonousTopicError, type Topics } from '../messages/topics.js';
import type { Profile } from '../profiles/profile.js';

/** Answers that wait for the broker; beyond it the oldest is lost, and counted. */
const answersMax = 10_000;

export interface BoardOptions {
  topics: Topics;
  profile: Profile;
  publish(message: Message, payload: string, done: (error: Error | null) => void): void;
  refused(error: Error): void;
}

export type Board = ReturnType<typeof createBoard>;

/**
 * What is published beside telemetry: presence and what the profile announces, of which only the newest counts and which is
 * said again at each connect, since a broker may have lost it; and answers to commands, which wait in a queue.
 */
export function createBoard({ topics, profile, publish, refused }: BoardOptions) {
  const devices = new Map<string, DeviceFacts>();
  /** Null: it was removed, and what is retained of it is to go. */
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
      const mine = connection;
      unanswered++;
      publish(message, message.body, (error) => {
        if (mine !== connection) return;
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

  return {
    device(facts: DeviceFacts): void {
      const known = devices.get(facts.id);
      devices.set(facts.id, facts);
      removed.delete(facts.id);
      ask(facts.id, known === undefined || known.model !== facts.model ? 'all' : 'presence');
    },
    deviceRemoved(id: string): void {
      devices.delete(id);
      removed.add(id);
      ask(id, null);
    },
    /** The profile has something new to say of it. */
    announce: (id: string): void => (devices.has(id) ? ask(id, 'all') : undefined),
    answer({ device, name, payload, reply }: CommandAnswer): void {
      const topic = topics.isDeviceId(device) ? topics.answer(device, name) : topics.strayAnswer;
      addAnswer({ topic, body: payload, newestAt: null, retain: false });
      // An answer on a command topic would be taken for a command.
      if (reply !== null && isPublishable(reply.topic) && topics.deviceOfCommand(reply.topic) === null)
        addAnswer({ topic: reply.topic, body: payload, newestAt: null, retain: false, correlation: reply.correlation });
      pump();
    },
    /** All of it again. */
    everything(): void {
      everything();
      pump();
    },
    connected(most: number): void {
      connection++;
      unanswered = 0;
      window = most;
      queue = [];
      everything();
      pump();
    },
    disconnected(): void {
      connection++;
      unanswered = 0;
      window = 0;
    },
    counts,
  };
}
