/**
 * The start of the bridge's thread. thread/ holds what runs in this thread: it reads the log, publishes, and receives commands.
 * Only broker.ts uses the library mqtt. The main thread's side is in bridge/.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { openLogReader } from '../../store/logDb/logReader.js';
import { openStoredValues } from '../../store/reader/storedValues.js';
import type { BridgeSettings, FromBridge, ToBridge } from '../calls.js';
import { createCalls, listen } from '../port.js';
import { Publisher } from './publisher.js';

/** What the main thread gives the bridge's thread to start with. */
export interface BridgeThreadData {
  folder: string;
  settings: BridgeSettings;
}

/** Only puts the parts together; publisher.ts does the work. */
const port = parentPort;
if (port !== null) {
  const { folder, settings } = workerData as BridgeThreadData;
  const publisher = new Publisher({
    settings,
    reader: openLogReader(folder),
    stored: openStoredValues(folder),
    tell: createCalls<FromBridge>(port),
    now: Date.now,
    random: Math.random,
    ended: () => port.close(),
  });
  listen<ToBridge>(port, publisher);
}
