import type { CommandBehaviour } from '../../schemas/generated/config.js';
import type { Command, CommandFault, CommandHandler } from '../device/command.js';
import { uniform } from '../fleet/signals.js';

/** What a simulated device can be told to do. */
export interface Obedience {
  /** False where it cannot send at that interval. */
  setInterval(intervalMs: number): boolean;
  reboot(): void;
  /** Cuts the link. */
  drop(): void;
  after(delayMs: number, work: () => void): void;
}

export interface BehaviourOptions {
  behaviour: CommandBehaviour;
  seed: number;
  /** The device's place in the fleet. */
  device: number;
  obedience: Obedience;
}

/** What the device does wrong with a command, drawn when it first comes. */
type Mood = 'willing' | 'fail' | 'reject' | 'silent' | 'dropBefore' | 'dropAfter';

const moods = ['fail', 'reject', 'silent', 'dropBefore', 'dropAfter'] as const;

/** Draws kept; a command that comes again after so many others is drawn anew. */
const drawsMax = 64;

/**
 * How a simulated device answers commands: after a delay, or with a failure, a refusal, silence or a lost link, each with its
 * probability. Draws follow from the seed, the device and how many commands it got before, so a run can be repeated.
 */
export function createBehaviour({ behaviour, seed, device, obedience }: BehaviourOptions) {
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

  /** The handler, in the mood that was drawn. */
  function moody(handler: CommandHandler): CommandHandler {
    return {
      ...handler,
      refuse(command: Command): CommandFault | null {
        return drawOf(command.id).mood === 'reject' ? { code: 'refused' } : (handler.refuse?.(command) ?? null);
      },
      async run(params, progress, command) {
        const { mood, delayMs } = drawOf(command.id);
        if (mood === 'silent') return never;
        if (mood === 'dropAfter') obedience.drop();
        await delay(delayMs, progress);
        if (mood === 'fail') throw new Error('as it was told to');
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
        if (!obedience.setInterval(Math.round(1000 * (seconds as number))))
          throw new Error('too short for its samples');
        return { seconds };
      },
    },
    reboot: { run: () => undefined, after: () => obedience.reboot() },
  };
  const anything: CommandHandler = { run: () => undefined };

  return {
    /** False: it never came, for all the device knows; its link is gone. */
    comes({ id }: Command): boolean {
      if (drawOf(id).mood !== 'dropBefore') return true;
      // Once; when it comes again it is taken.
      draws.set(id, { mood: 'willing', delayMs: 0 });
      obedience.drop();
      return false;
    },
    handlerOf(name: string): CommandHandler | undefined {
      const handler = Object.hasOwn(known, name) ? known[name] : anything;
      return names === undefined || names.includes(name) || handler !== anything ? moody(handler) : undefined;
    },
  };
}

const never = new Promise<never>(() => {});

function isInterval(seconds: unknown): boolean {
  return typeof seconds === 'number' && seconds >= 0.001 && seconds <= 86_400;
}
