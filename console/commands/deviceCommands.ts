import { signal } from '@preact/signals';
import type { CommandBody, LiveCommand } from '../../schemas/generated/operator.js';
import { currentApi, fail, onLive } from '../session/session.js';

const pageItems = 25;

/** The commands of the device that is shown, newest first, kept as they are on the gateway's disk. */
export const shownCommands = signal<CommandBody[]>([]);
export const moreCommands = signal<string | null>(null);
export const commandsLoading = signal(true);

let shownDevice: string | null = null;
/** Commands being read; true: they changed again meanwhile. */
const reading = new Map<string, boolean>();

/** Shows a device's commands and keeps them as they change. Returns the end of it. */
export function watchCommands(device: string): () => void {
  shownDevice = device;
  shownCommands.value = [];
  moreCommands.value = null;
  commandsLoading.value = true;
  void loadMore(device, null);
  const end = onLive((message) => {
    if (message.type === 'command' && message.device === device) hear(message);
    // What happened while the feed was away is read again.
    if (message.type === 'subscribed' && !commandsLoading.value) void loadMore(device, null);
  });
  return () => {
    end();
    if (shownDevice === device) shownDevice = null;
  };
}

/** The next page of a device's history; from its beginning with null. */
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

/** The message says that it moved; times and causes are read from the gateway, which stored them before it said so. */
function hear({ command }: LiveCommand): void {
  if (reading.has(command.id)) reading.set(command.id, true);
  else void read(command.id);
}

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
  // UUIDv7: in order of their creation.
  shownCommands.value = [...byId.values()].sort((a, b) => (a.id < b.id ? 1 : -1));
}
