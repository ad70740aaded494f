import { parentPort, workerData } from 'node:worker_threads';
import { openLogReader } from '../../store/logDb/logReader.js';
import type { BridgeSettings, FromBridge, ToBridge } from '../calls.js';
import { createTeller, listen } from '../port.js';
import { createBridgeWorker } from './bridgeWorker.js';

export interface BridgeThreadData {
  folder: string;
  settings: BridgeSettings;
}

/** The bridge's thread: what it is made of, as gateway.ts is for the main one. */
const port = parentPort;
if (port !== null) {
  const { folder, settings } = workerData as BridgeThreadData;
  const worker = createBridgeWorker({
    settings,
    reader: openLogReader(folder),
    tell: createTeller<FromBridge>(port),
    now: Date.now,
    random: Math.random,
    ended: () => port.close(),
  });
  listen<ToBridge>(port, worker);
}
