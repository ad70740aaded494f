import { parentPort, workerData } from 'node:worker_threads';
import { createBridgeWorker } from './bridge/bridgeWorker.js';
import type { BridgeSettings, FromBridge, ToBridge } from './bridge/calls.js';
import { createTeller, listen } from './bridge/port.js';
import { openLogReader } from './store/logReader.js';

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
