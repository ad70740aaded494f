import { createReload, type PortName, type Reloaded, type Renew } from '../config/reload.js';
import { type Setting, settingsOf } from '../config/settings.js';
import type { Base } from './base.js';

/** Reloads configuration and models. The ports enter themselves when they are open, so that their certificates are renewed too. */
export interface Reloading {
  reload(): Promise<Reloaded>;
  ports: Map<PortName, Renew>;
  /** Every setting as it is in force. */
  settings(): Setting[];
}

export function createReloading({ config, models, load, current, events, log }: Base): Reloading {
  const ports = new Map<PortName, Renew>();
  let newest = config;
  const reload = createReload({
    load,
    current: { config, models },
    ports,
    apply(loaded) {
      newest = loaded.config;
      current.limits = loaded.config.limits;
      current.models.clear();
      for (const [name, model] of loaded.models) current.models.set(name, model);
      events.reloaded(loaded);
    },
    log,
  });
  return { reload, ports, settings: () => settingsOf(config, newest) };
}
