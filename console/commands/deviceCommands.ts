/**
 * The commands of the device that is shown, kept current by the live feed. commands/ holds what sends and follows commands, to one
 * device or to many. How a state is called and coloured is in parts/commandStates.ts.
 */
import { signal } from '@preact/signals';
import type { CommandBody, LiveCommand } from '../../schemas/generated/operator.js';
import { currentApi, fail, onLive } from '../session/session.js';

const pageItems = 25;

/** The commands of the device that is shown, newest first, as they are on the gateway's disk. */
export const shownCommands = signal<CommandBody[]>([]);
/** The cursor of older commands; null if all are loaded. */
export const moreCommands = signal<string | null>(null);
/** True until the first page was read. */
export const commandsLoading = signal(true);

let shownDevice: string | null = null;
/** The ids of commands that are being read. The value is true if the command changed again meanwhile. */
const reading = new Map<string, boolean>();

/** Reads a device's commands and keeps them current, until the returned function is called. */
export function watchCommands(device: string): () => void {
  shownDevice = device;
  shownCommands.value = [];
  moreCommands.value = null;
  commandsLoading.value = true;
  void loadMore(device, null);
  const end = onLive((message) => {
    if (message.type === 'command' && message.device === device) hear(message);
    // After the feed reconnected, what happened meanwhile is read.
    if (message.type === 'subscribed' && !commandsLoading.value) void loadMore(device, null);
  });
  return () => {
    end();
    if (shownDevice === device) shownDevice = null;
  };
}

/** Reads a page of a device's commands: the newest with the cursor null. */
export async function loadMore(device: string, cursor: string | null): Promise<void> {
  try {
    const page = await currentApi().commands(device, cursor, pageItems);
    if (shownDevice !== device) return;
    put(page.items);
    if (cursor !== null || moreCommands.value === null) moreCommands.value = page.next;
    commandsLoading.value = false;
  } catch (error) {
    fail(error as Error);
  }
}

/** A command changed its state. Its times and causes are read from the gateway, which stored them before it sent the message. */
function hear({ command }: LiveCommand): void {
  if (reading.has(command.id)) reading.set(command.id, true);
  else void read(command.id);
}

/** Reads one command again. */
export async function read(id: string): Promise<void> {
  const device = shownDevice;
  do {
    reading.set(id, false);
    try {
      const command = await currentApi().command(id);
      if (shownDevice === device && command.device === device) put([command]);
    } catch (error) {
      fail(error as Error);
    }
  } while (reading.get(id) === true);
  reading.delete(id);
}

function put(items: CommandBody[]): void {
  const byId = new Map(shownCommands.value.map((command) => [command.id, command]));
  for (const item of items) byId.set(item.id, item);
  // The ids are UUIDv7, so their order is that of creation.
  shownCommands.value = [...byId.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
}
