import { originOf, type ResolvedConfig, schema } from './config.js';
import { leavesOf, secretKeys } from './explain.js';
import type { Origin } from './origins.js';
import { isReloadable } from './reload.js';

/** One setting as it is in force, for operators. */
export interface Setting extends Origin {
  /** With dots between its parts, such as `store.retentionDays`. */
  key: string;
  /** Null: it is not set and has no default. `***`: it is set, and secret. */
  value: unknown;
  /** Null: it has none. */
  default: unknown;
  /** True if a reload applies a new value, false if that needs a restart. */
  reload: boolean;
  description: string;
  /** The value that the next start takes, if a reload has read another one than is in force. */
  next?: unknown;
}

/**
 * Every setting, in the order of the schema: from `started`, the configuration of the start, what needs a restart, and the others
 * from `newest`, which was read last.
 */
export function settingsOf(started: ResolvedConfig, newest: ResolvedConfig): Setting[] {
  return leavesOf(schema).map(({ path, leaf }): Setting => {
    const key = path.join('.');
    const reload = isReloadable(key, started);
    const shown = (config: ResolvedConfig): unknown => {
      const value = valueAt(config, path);
      return value !== null && secretKeys.includes(key) ? '***' : value;
    };
    const inForce = reload ? newest : started;
    const waits = !reload && JSON.stringify(valueAt(started, path)) !== JSON.stringify(valueAt(newest, path));
    return {
      key,
      value: shown(inForce),
      default: leaf.default ?? null,
      ...originOf(inForce, key),
      reload,
      description: leaf.description ?? '',
      ...(waits ? { next: shown(newest) } : {}),
    };
  });
}

function valueAt(config: ResolvedConfig, path: readonly string[]): unknown {
  let at: unknown = config;
  for (const part of path) at = (at as Record<string, unknown> | undefined)?.[part];
  return at ?? null;
}
