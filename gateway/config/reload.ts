import type { Logger } from 'pino';
import type { Model } from '../domain/model.js';
import type { ResolvedConfig } from './config.js';

/** A configuration with its models, checked. */
export interface Loaded {
  config: ResolvedConfig;
  models: ReadonlyMap<string, Model>;
}

export interface Reloaded {
  /** Keys whose new values are in force. */
  applied: string[];
  /** Keys whose new values count from the next start on. */
  needsRestart: string[];
}

export type PortName = 'device' | 'operator';

/**
 * Reads the certificate of an open port again, and throws StartError if it cannot be used. The returned function puts it in
 * force.
 */
export type Renew = (tls: { certFile: string; keyFile: string } | undefined) => () => Promise<void>;

export interface ReloadOptions {
  /** Reads configuration and models again from their files. Throws ConfigError. */
  load(): Loaded;
  current: Loaded;
  /** The open ports. */
  ports: ReadonlyMap<PortName, Renew>;
  /** Models and limits. */
  apply(loaded: Loaded): void;
  log: Logger;
}

/** Sections and keys that a running gateway can reload. The others are reported as waiting for a restart. */
const reloadable = ['models', 'limits', 'admission', 'trustedProxies', 'log.level', 'device.tls', 'operator.tls'];

/** Keys below these that are fixed when a port is opened. */
const fixed = ['limits.backlogBytes', 'admission.clientSubjectHeader', 'models'];

/**
 * Takes a new configuration whole or not at all: everything is read and checked before anything is changed. Certificates and
 * models are read again even if their paths have not changed. Throws ConfigError; StartError if a certificate cannot be used.
 */
export function createReload(options: ReloadOptions): () => Promise<Reloaded> {
  let { current } = options;
  let running: Promise<Reloaded> | null = null;

  async function reload(): Promise<Reloaded> {
    const next = options.load();
    const changed = changedKeys(current.config, next.config);
    const needsRestart = changed.filter((key) => !isReloadable(key, current.config));
    const renewals = [...options.ports]
      .filter(([port]) => current.config[port].tls !== undefined && next.config[port].tls !== undefined)
      .map(([port, renew]) => renew(next.config[port].tls));
    for (const renew of renewals) await renew();
    options.apply(next);
    options.log.level = next.config.log.level;
    current = next;
    const applied = changed.filter((key) => !needsRestart.includes(key));
    options.log.info(
      { applied, needsRestart, certificates: renewals.length },
      'configuration and models are read again',
    );
    return { applied, needsRestart };
  }

  // One at a time: a second reload waits for the first, then reads what the files hold by then.
  return () => {
    const before = running ?? Promise.resolve();
    running = before.then(reload, reload);
    return running;
  };
}

/** Whether a reload applies a new value. Whether TLS is there at all is decided when the port is opened. */
export function isReloadable(key: string, { device, operator }: ResolvedConfig): boolean {
  if (fixed.includes(key)) return false;
  if (key.startsWith('device.tls') && device.tls === undefined) return false;
  if (key.startsWith('operator.tls') && operator.tls === undefined) return false;
  return reloadable.some((one) => key === one || key.startsWith(`${one}.`));
}

/** Paths of the leaves that differ. */
export function changedKeys(before: object, after: object): string[] {
  const [old, fresh] = [leavesOf(before), leavesOf(after)];
  return [...new Set([...old.keys(), ...fresh.keys()])].filter((key) => old.get(key) !== fresh.get(key)).sort();
}

function leavesOf(tree: object, path: string[] = [], leaves = new Map<string, string>()): Map<string, string> {
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) leavesOf(value, [...path, key], leaves);
    else leaves.set([...path, key].join('.'), JSON.stringify(value));
  }
  return leaves;
}
