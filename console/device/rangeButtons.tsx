import { moved, type Range, scaled, spans } from '../chart/range.js';
import { setParams } from '../parts/router.js';

/** Buttons to move and zoom the chart, and the spans that end now. */
export function RangeButtons({ range, span, show }: { range: Range; span: string; show(next: Range): void }) {
  return (
    <fieldset class="range">
      <legend class="hidden">Time shown</legend>
      <button
        type="button"
        class="quiet"
        aria-label="Earlier"
        title="Earlier (←)"
        onClick={() => show(moved(range, -0.5, Date.now()))}
      >
        ‹
      </button>
      <button
        type="button"
        class="quiet"
        aria-label="Later"
        title="Later (→)"
        disabled={range.follow}
        onClick={() => show(moved(range, 0.5, Date.now()))}
      >
        ›
      </button>
      <button
        type="button"
        class="quiet"
        aria-label="Zoom in"
        title="Zoom in (+)"
        onClick={() => show(scaled(range, 0.5, Date.now()))}
      >
        +
      </button>
      <button
        type="button"
        class="quiet"
        aria-label="Zoom out"
        title="Zoom out (−)"
        onClick={() => show(scaled(range, 2, Date.now()))}
      >
        −
      </button>
      <span class="segments">
        {Object.keys(spans).map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={range.follow && span === name}
            onClick={() => setParams({ span: name === '5m' ? '' : name, zoom: '' })}
          >
            {name}
          </button>
        ))}
      </span>
    </fieldset>
  );
}
