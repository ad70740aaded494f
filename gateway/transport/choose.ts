import { codeOf } from '../../schemas/errors.js';
import { StartError } from '../process/startError.js';
import type { Transport, TransportName } from './transport.js';

export interface Chosen {
  transport: Transport;
  /** Why it is this one, as half a sentence. */
  reason: string;
}

/**
 * Loads the transport that the setting asks for; `auto` is uWebSockets.js where its binary loads, else ws. Throws StartError 78 if
 * `uws` is asked for and does not load. `loadUws` imports it.
 */
export async function chooseTransport(
  asked: TransportName | 'auto',
  loadUws: () => Promise<{ transport: Transport }> = () => import('./uws.js'),
): Promise<Chosen> {
  if (asked === 'ws') return { transport: await loadWs(), reason: 'the setting transport is ws' };
  try {
    const { transport } = await loadUws();
    const reason = asked === 'uws' ? 'the setting transport is uws' : 'its binary loads here, and it is the faster one';
    return { transport, reason };
  } catch (error) {
    const why = whyNot(error as Error, process);
    if (asked === 'auto') return { transport: await loadWs(), reason: why };
    throw new StartError(78, `The setting transport is uws, but ${why}. Use auto or ws instead.`);
  }
}

async function loadWs(): Promise<Transport> {
  return (await import('./ws.js')).transport;
}

/** The machine, as far as it decides whether a binary loads. */
export type Machine = Pick<NodeJS.Process, 'platform' | 'arch' | 'versions'>;

/** Why uWebSockets.js did not load, as half a sentence. Its own message has the system's inside. */
export function whyNot(error: Error, { platform, arch, versions }: Machine): string {
  const { message } = error;
  const glibc = /GLIBC_([0-9.]+)' not found/.exec(message)?.[1];
  if (glibc !== undefined)
    return `uWebSockets.js for Node ${versions.node} needs a C library of glibc ${glibc} or newer, and this system's is older`;
  if (/ld-linux|Error loading shared library|Error relocating/.test(message))
    return `uWebSockets.js needs the C library glibc, and this system has another one`;
  if (codeOf(error) === 'MODULE_NOT_FOUND' || /Cannot find module/.test(message))
    return `uWebSockets.js has no binary for Node ${versions.node} (ABI ${versions.modules}) on ${platform} ${arch}`;
  if (codeOf(error) === 'ERR_MODULE_NOT_FOUND') return 'uWebSockets.js is not installed';
  return `uWebSockets.js did not load: ${message.split('\n').findLast((line) => line.trim() !== '') ?? 'it gave no reason'}`;
}
