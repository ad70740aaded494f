import type { DeviceLimits } from '../../schemas/generated/config.js';
import { TokenBucket } from './tokenBucket.js';

/** What one device has used of its limits. It is kept with the device, so that a new link does not start from zero. */
export class DeviceMeter {
  private readonly buckets: readonly TokenBucket[];
  private readonly frames: TokenBucket | null;
  private readonly readings: TokenBucket | null;
  private readonly bytes: TokenBucket | null;

  constructor(
    limits: Required<DeviceLimits>,
    now: number,
    readonly generation: number,
  ) {
    const bucket = (perSecond: number): TokenBucket | null =>
      perSecond === 0 ? null : new TokenBucket({ perSecond, burst: Math.max(1, perSecond * limits.burstSeconds) }, now);
    this.frames = bucket(limits.framesPerSecond);
    this.readings = bucket(limits.readingsPerSecond);
    this.bytes = bucket(limits.bytesPerSecond);
    this.buckets = [this.frames, this.readings, this.bytes].filter((one) => one !== null);
  }

  /** Takes a message and returns 0, or returns how long the device must wait, in ms. A message may overdraw, because its size is known only once it is read. */
  admit(bytes: number, now: number): number {
    let waitMs = 0;
    for (const bucket of this.buckets) waitMs = Math.max(waitMs, bucket.waitMs(now));
    if (waitMs > 0) return waitMs;
    this.frames?.charge(1);
    this.bytes?.charge(bytes);
    return 0;
  }

  chargeReadings(count: number): void {
    this.readings?.charge(count);
  }
}

export interface Metered {
  meter: DeviceMeter | null;
  device: { model: string | null };
}

export interface DeviceRates {
  /** Returns 0 if the message is taken in, else the ms after which the device may come back. */
  admit(source: Metered, bytes: number): number;
  /** Models or configuration have changed. `models` are all names. */
  configure(models: Iterable<string>): void;
}

/** Limits per device, from the configuration and, key by key, from its model. Without limits a message costs one comparison. */
export function createDeviceRates(options: {
  /** Monotonic ms. */
  now(): number;
  limitsOf(model: string | null): Required<DeviceLimits>;
}): DeviceRates {
  let generation = 0;
  let active = false;

  const isLimited = ({ framesPerSecond, readingsPerSecond, bytesPerSecond }: Required<DeviceLimits>): boolean =>
    framesPerSecond + readingsPerSecond + bytesPerSecond > 0;

  return {
    admit(source, bytes) {
      if (!active) return 0;
      const now = options.now();
      if (source.meter?.generation !== generation)
        source.meter = new DeviceMeter(options.limitsOf(source.device.model), now, generation);
      return source.meter.admit(bytes, now);
    },
    configure(models) {
      generation++;
      active = [null, ...models].some((model) => isLimited(options.limitsOf(model)));
    },
  };
}
