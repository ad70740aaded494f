import { useRef, useState } from 'preact/hooks';
import { countOf, countText } from '../../schemas/display/numbers.js';
import { bucketOf, type Range } from '../chart/range.js';
import type { SeriesName } from '../chart/series.js';
import { valuesOf } from '../fleet/values.js';
import { CopyBlock } from '../parts/copy.js';
import { base } from '../session/base.js';
import { currentApi, gateway } from '../session/session.js';
import { type Format, fileOf, formats, save } from './download.js';
import { fileRowsMax, gather, TooManyRowsError } from './gather.js';
import { type SnippetName, snippets } from './snippets.js';

interface ExportProps {
  /** The series that are shown. */
  names: readonly SeriesName[];
  range: Range;
}

/** Saves what the charts show as a file, or shows a program that reads it. It opens below the charts. */
export function Export(props: ExportProps) {
  // While it is open, the range stays, so that a snippet does not change under the pointer.
  const [opened, setOpened] = useState<Range | null>(null);
  const range = opened ?? props.range;
  if (props.names.length === 0) return null;
  return (
    <details class="export" onToggle={({ currentTarget: { open } }) => setOpened(open ? props.range : null)}>
      <summary>Export</summary>
      {opened !== null && (
        <>
          <SaveForm {...props} range={range} />
          <CopyAs {...props} range={range} />
        </>
      )}
    </details>
  );
}

type Progress =
  | { state: 'idle' }
  | { state: 'reading'; rows: number }
  | { state: 'done'; rows: number }
  | { state: 'failed'; why: string };

function SaveForm({ names, range }: ExportProps) {
  const bucket = bucketOf(range.to - range.from);
  const [format, setFormat] = useState<Format>('csv');
  const [single, setSingle] = useState(false);
  const [progress, setProgress] = useState<Progress>({ state: 'idle' });
  const abort = useRef<AbortController | null>(null);

  async function start(): Promise<void> {
    const control = new AbortController();
    abort.current = control;
    setProgress({ state: 'reading', rows: 0 });
    try {
      const series = names.map((name) => ({ ...name, unit: valuesOf(name.device)[name.metric]?.unit ?? '' }));
      const chosen = single ? null : bucket;
      const wanted = { series, from: range.from, to: range.to, bucket: chosen };
      const rows = await gather(wanted, {
        readings: currentApi().readings,
        rowsMax: fileRowsMax,
        progress: (count) => setProgress({ state: 'reading', rows: count }),
        signal: control.signal,
      });
      const file = await fileOf(rows, chosen !== null, format);
      save(file, `tidegate-${new Date(range.from).toISOString().slice(0, 19).replaceAll(':', '')}.${format}`);
      setProgress({ state: 'done', rows: rows.length });
    } catch (error) {
      if (control.signal.aborted) setProgress({ state: 'idle' });
      else setProgress({ state: 'failed', why: whyNot(error as Error) });
    }
  }

  return (
    <form
      class="export-form"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        void start();
      }}
    >
      <label>
        File
        <select value={format} onChange={({ currentTarget }) => setFormat(currentTarget.value as Format)}>
          {Object.entries(formats).map(([value, { name }]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        Rows
        <select value={single ? 'single' : ''} onChange={({ currentTarget }) => setSingle(currentTarget.value !== '')}>
          {bucket === null ? (
            <option value="">single readings</option>
          ) : (
            <>
              <option value="">as in the chart: one row per {bucket.every}</option>
              <option value="single">single readings</option>
            </>
          )}
        </select>
      </label>
      {progress.state === 'reading' ? (
        <button type="button" class="quiet" onClick={() => abort.current?.abort()}>
          Cancel
        </button>
      ) : (
        <button type="submit" class="quiet">
          Save file
        </button>
      )}
      <p role="status">{progressText(progress)}</p>
    </form>
  );
}

function whyNot(error: Error): string {
  if (!(error instanceof TooManyRowsError)) return error.message;
  return `there are ${countOf(error.rows, 'row')}, and a file holds at most ${countText(error.rowsMax)}. Choose a shorter time range, or copy a command below.`;
}

function progressText(progress: Progress): string {
  switch (progress.state) {
    case 'idle':
      return `Up to ${countText(fileRowsMax)} rows per file.`;
    case 'reading':
      return `${countOf(progress.rows, 'row')} read…`;
    case 'done':
      return `Saved ${countOf(progress.rows, 'row')}.`;
    case 'failed':
      return `Not saved: ${progress.why}`;
    default:
      return progress satisfies never;
  }
}

function CopyAs({ names, range }: ExportProps) {
  const [chosen, setChosen] = useState<SnippetName>('curl');
  const query = {
    series: names,
    from: Math.floor(range.from),
    to: Math.ceil(range.to),
    bucket: bucketOf(range.to - range.from),
    url: location.origin + base.slice(0, -1),
    dataFolder: gateway.value?.dataFolder ?? 'data',
  };
  return (
    <div class="copy-as">
      <label>
        Copy as
        <select value={chosen} onChange={({ currentTarget }) => setChosen(currentTarget.value as SnippetName)}>
          {Object.entries(snippets).map(([value, { name }]) => (
            <option key={value} value={value}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <CopyBlock key={chosen} text={snippets[chosen].text(query)} label={`Command for ${snippets[chosen].name}`} />
      <p class="hint">
        Set your key first: <code>export TIDEGATE_KEY=tgk_…</code> A key with the role viewer is enough:{' '}
        <code>npx tidegate key add analysis --role viewer</code>
      </p>
    </div>
  );
}
