import { debianPackages, type Program, requirePrograms } from './needs.js';

/** `npm run test:system` runs this first. nats-server is for benches only. */
requirePrograms((Object.keys(debianPackages) as Program[]).filter((program) => program !== 'nats-server'));
