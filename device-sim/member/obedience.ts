import type { CommandHandler } from '../../clients/js/core/command.js';
import type { Command, CommandError } from '../../clients/js/core/messages.js';
import type { CommandBehaviour } from '../../schemas/generated/config.js';
import { uniform } from '../fleet/signals.js';

/** What commands do to a simulated device. */
export interface Obedience {
  /** Sends at this interval from now on. False if the device cannot send at it. */
  setReportInterval(intervalMs: number): boolean;
  reboot(): void;
  /** Drops the link. */
  drop(): void;
  /** Runs the work once, after the delay. */
  after(delayMs: number, work: () => void): void;
}

/** What the behaviour of a device is made from. */
export interface BehaviourOptions {
  behaviour: CommandBehaviour;
  seed: number;
  /** The device's place in the fleet. */
  device: number;
  obedience: Obedience;
}

/** How the device behaves with one command, drawn when it first comes. */
type Mood = 'willing' | 'fail' | 'reject' | 'silent' | 'dropBefore' | 'dropAfter';

const moods = ['fail', 'reject', 'silent', 'dropBefore', 'dropAfter'] as const;

/** Draws that are kept. A command that comes again after this many others gets another mood. */
const drawsMax = 64;

/** How a device behaves with commands. */
export interface Behaviour {
  /** False if the device is to behave as if the command had not come: its link was dropped. */
  comes(command: Command): boolean;
  /** The handler for a command of this name; undefined if the device does not have such a command. */
  handlerOf(name: string): CommandHandler | undefined;
}

/**
 * How a simulated device answers commands: after a delay, or with a failure, a refusal, silence or a lost link, each with its
 * probability. Draws follow from the seed, the device and how many commands it got before, so a run can be repeated.
 */
export function createBehaviour({ behaviour, seed, device, obedience }: BehaviourOptions): Behaviour {
  const draws = new Map<string, { mood: Mood; delayMs: number }>();
  const { names, delayMs: [least, most] = [0, 0] } = behaviour;
  let count = 0;

  function drawOf(id: string): { mood: Mood; delayMs: number } {
    const known = draws.get(id);
    if (known !== undefined) return known;
    const drawn = {
      mood: moodOf(uniform(seed + 1_001, device, count)),
      delayMs: Math.round(least + (most - least) * uniform(seed + 1_002, device, count)),
    };
    count++;
    draws.set(id, drawn);
    if (draws.size > drawsMax) draws.delete(draws.keys().next().value as string);
    return drawn;
  }

  function moodOf(chance: number): Mood {
    let from = 0;
    for (const mood of moods) {
      from += behaviour[mood] ?? 0;
      if (chance < from) return mood;
    }
    return 'willing';
  }

  /** The handler, in the mood that was drawn for the command. */
  function moody(handler: CommandHandler): CommandHandler {
    return {
      ...handler,
      refuse(command: Command): CommandError | null {
        return drawOf(command.id).mood === 'reject' ? { code: 'refused' } : (handler.refuse?.(command) ?? null);
      },
      async run(params, progress, command) {
        const { mood, delayMs } = drawOf(command.id);
        if (mood === 'silent') return never;
        if (mood === 'dropAfter') obedience.drop();
        await delay(delayMs, progress);
        if (mood === 'fail') throw new Error('the fleet file makes this command fail');
        return handler.run(params, progress, command);
      },
    };
  }

  async function delay(ms: number, progress: (share: number) => void): Promise<void> {
    const steps = ms === 0 ? 0 : (behaviour.progressSteps ?? 0) + 1;
    for (let step = 1; step <= steps; step++) {
      await new Promise<void>((resolve) => obedience.after(ms / steps, resolve));
      if (step < steps) progress(step / steps);
    }
  }

  const known: Record<string, CommandHandler> = {
    set_interval: {
      idempotent: true,
      refuse: ({ params: { seconds } }) =>
        isInterval(seconds) ? null : { code: 'params_invalid', message: 'seconds' },
      run({ seconds }) {
        if (!obedience.setReportInterval(Math.round(1000 * (seconds as number))))
          throw new Error('too short for its samples');
        return { seconds };
      },
    },
    reboot: { run: () => undefined, after: () => obedience.reboot() },
  };
  const anything: CommandHandler = { run: () => undefined };

  return {
    comes({ id }) {
      if (drawOf(id).mood !== 'dropBefore') return true;
      // Only once: when the command comes again, the device takes it.
      draws.set(id, { mood: 'willing', delayMs: 0 });
      obedience.drop();
      return false;
    },
    handlerOf(name) {
      const handler = Object.hasOwn(known, name) ? known[name] : anything;
      return names === undefined || names.includes(name) || handler !== anything ? moody(handler) : undefined;
    },
  };
}

const never = new Promise<never>(() => {});

function isInterval(seconds: unknown): boolean {
  return typeof seconds === 'number' && seconds >= 0.001 && seconds <= 86_400;
}
