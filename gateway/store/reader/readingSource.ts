import { scalarOf } from '../../columns/scalar.js';
import type { ReadingRow } from '../../domain/readingsQuery.js';
import { seriesKinds } from '../../domain/series.js';
import type { Block, Blocks, Order, WantedSeries } from './blocks.js';
import type { Source } from './rowSource.js';

/** The readings of a lane as rows. */
export function readingSource(blocks: Blocks, { id, kind }: WantedSeries, order: Order): Source<ReadingRow> {
  let block: Block | null = null;
  let index = 0;
  const step = order === 'asc' ? 1 : -1;
  const source: Source<ReadingRow> = {
    row: null,
    advance() {
      index += step;
      if (block === null || index < block.from || index >= block.to) {
        block = blocks();
        if (block === null) {
          source.row = null;
          return;
        }
        index = order === 'asc' ? block.from : block.to - 1;
      }
      const { ts, value, texts } = block.readings;
      const stored = kind === seriesKinds.string ? texts[index] : value[index];
      source.row = { series: id, ts: ts[index], value: scalarOf(kind, stored) };
    },
  };
  source.advance();
  return source;
}
