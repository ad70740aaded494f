import type { Model } from '../domain/model.js';
import type { ResolvedConfig } from './config.js';

/** What a reload replaces. Whoever needs it reads it here when it is needed, and keeps no copy. */
export interface Current {
  limits: ResolvedConfig['limits'];
  /** By name. The map itself stays for the life of the gateway; a reload changes its content. */
  readonly models: Map<string, Model>;
}
