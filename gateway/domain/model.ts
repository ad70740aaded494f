import type { ModelConfig } from '../../schemas/generated/config.js';

/** A device model: the file of that name in the models folder. */
export interface Model extends ModelConfig {
  name: string;
}
