#!/usr/bin/env node
/**
 * The command `tidegate-sim`: it refuses a Node that is too old, and loads the program. device-sim/ holds simulated devices,
 * and what judges a gateway or a client with them. It shares nothing with the gateway but schemas/, so that it cannot hide the
 * gateway's mistakes.
 */
import { oldNodeMessage } from '../schemas/nodeVersion.js';

const old = oldNodeMessage(process.versions.node);
if (old !== null) {
  console.error(old);
  process.exit(78);
}
// Not a static import: an old Node would read all its files first, and fail in one of them.
const { program } = await import('./program/program.js');
await program.parseAsync();
