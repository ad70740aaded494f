import type { Fold } from './threads/calls.js';

export const emptyFold = (): Fold => ({
  series: [],
  streams: [],
  tables: [],
  latest: { readings: 0, series: new Uint32Array(), ts: new Float64Array(), value: new Float64Array(), strings: [] },
  marks: { stream: new Uint32Array(), mark: new Uint32Array(), usedAt: new Float64Array() },
  receipts: { device: new Uint32Array(), at: new Float64Array() },
});
