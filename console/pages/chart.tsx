import { useEffect } from 'preact/hooks';
import { seriesIn, seriesMax, seriesText } from '../chart/series.js';
import { watchValues } from '../fleet/values.js';
import { Empty } from '../parts/empty.js';
import { Main } from '../parts/page.js';
import { param, query, setAll, setParams } from '../parts/router.js';
import { SeriesCharts } from '../series/charts.js';
import { Picker } from '../series/picker.js';
import { RangeBar, rangeInAddress } from '../series/rangeBar.js';
import { now } from '../session/session.js';

/** Metrics of several devices on one time axis. The address holds all of it, so that it can be shared. */
export function ChartPage() {
  const wanted = seriesIn(query.value.getAll('series'));
  const { range, zone, asked, fault, moves } = rangeInAddress('-1h', now.value);
  const texts = wanted.series.map(seriesText);
  const hidden = new Set(query.value.getAll('hide'));
  const devices = [...new Set(wanted.series.map(({ device }) => device))];
  useEffect(() => watchValues('chart', devices), [devices.join(' ')]);

  const flip = (name: string, all: Iterable<string>, text: string): void => {
    const values = new Set(all);
    if (!values.delete(text)) values.add(text);
    setAll(name, [...values]);
  };
  const flipSeries = (text: string): void => flip('series', texts, text);
  const isAdding = param('add') !== '' || texts.length === 0;
  return (
    <Main
      title="Chart"
      actions={
        <button
          type="button"
          class="quiet"
          aria-expanded={isAdding}
          onClick={() => setParams({ add: isAdding ? '' : '1' })}
          disabled={texts.length === 0}
        >
          {isAdding ? 'Done' : 'Add series'}
        </button>
      }
    >
      <Faults {...wanted} fault={fault} />
      {isAdding && (
        <section class="card" aria-label="Add series">
          <Picker chosen={texts} toggle={(name) => flipSeries(seriesText(name))} />
        </section>
      )}
      <section class="card chart" aria-label="Chart">
        <RangeBar range={range} zone={zone} asked={asked} />
        {texts.length === 0 ? (
          <Empty
            title="Nothing to show yet."
            action={
              <button
                type="button"
                class="quiet"
                onClick={() => document.querySelector<HTMLInputElement>('.picker input')?.focus()}
              >
                Choose a device
              </button>
            }
          >
            <p>Search for a device above, and choose its metrics. To share the chart, copy the URL of this page.</p>
          </Empty>
        ) : (
          <SeriesCharts
            names={wanted.series}
            range={range}
            zone={zone}
            asked={`${asked.from} ${asked.to} ${asked.zoom} ${zone}`}
            moves={moves}
            hidden={hidden}
            toggle={(text) => flip('hide', hidden, text)}
            remove={flipSeries}
          />
        )}
      </section>
    </Main>
  );
}

/** What the address asks for and cannot be shown. */
function Faults({ wrong, leftOut, fault }: { wrong: string[]; leftOut: number; fault: string | null }) {
  const sentences = [
    ...wrong.map((text) => `“${text}” is not a series. Write device:metric, for example boiler-1:temperature.`),
    ...(leftOut > 0
      ? [
          `A chart shows up to ${seriesMax} series. ${leftOut} more in this URL ${leftOut === 1 ? 'is' : 'are'} not shown.`,
        ]
      : []),
    ...(fault === null ? [] : [`${fault} Showing the last hour.`]),
  ];
  return (
    <>
      {sentences.map((sentence) => (
        <p key={sentence} class="notice warn" role="status">
          {sentence}
        </p>
      ))}
    </>
  );
}
