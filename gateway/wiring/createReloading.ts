import { createReload, type PortName, type Reloaded, type Renew } from '../config/reload.js';
import type { Base } from './base.js';

/** Reloads configuration and models. The ports enter themselves when they are open, so that their certificates are renewed too. */
export interface Reloading {
  reload(): Promise<Reloaded>;
  ports: Map<PortName, Renew>;
}

export function createReloading({ config, models, load, current, events, log }: Base): Reloading {
  const ports = new Map<PortName, Renew>();
  const reload = createReload({
    load,
    current: { config, models },
    ports,
    apply(loaded) {
      current.limits = loaded.config.limits;
      current.models.clear();
      for (const [name, model] of loaded.models) current.models.set(name, model);
      events.reloaded(loaded);
    },
    log,
  });
  return { reload, ports };
}
