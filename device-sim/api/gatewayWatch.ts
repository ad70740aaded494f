import type { OperatorApi } from './operatorApi.js';

/** What the gateway reports about itself. */
export interface GatewaySample {
  /** Share of one core since the sample before. */
  cpuShare: number;
  residentBytes: number;
  links: number;
  queuedBytes: number;
  unsealedReadings: number;
  ackP99Ms: number;
}

/** Takes a sample; null if the gateway does not answer, or if the key may not read its metrics. */
export type GatewayWatch = () => Promise<GatewaySample | null>;

/** A watch that reads /metrics. `now` is in ms. */
export function createGatewayWatch(api: Pick<OperatorApi, 'metrics'>, now: () => number): GatewayWatch {
  let before: { cpu: number; at: number } | null = null;
  return async () => {
    try {
      const metrics = await api.metrics();
      const at = now();
      const cpu = metrics.get('process_cpu_seconds_total') ?? 0;
      const used = before === null || cpu < before.cpu ? 0 : (1000 * (cpu - before.cpu)) / Math.max(1, at - before.at);
      before = { cpu, at };
      const read = (name: string): number => metrics.get(name) ?? 0;
      return {
        cpuShare: used,
        residentBytes: read('process_resident_memory_bytes'),
        links: read('tidegate_links'),
        queuedBytes: read('tidegate_queued_bytes'),
        unsealedReadings: read('tidegate_unsealed_readings'),
        ackP99Ms: 1000 * read('tidegate_ack_seconds{quantile="0.99"}'),
      };
    } catch {
      return null;
    }
  };
}
