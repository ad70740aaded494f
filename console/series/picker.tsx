import { useEffect, useState } from 'preact/hooks';
import { readingText } from '../../schemas/display/values.js';
import { type SeriesName, seriesMax, seriesText } from '../chart/series.js';
import { DeviceName, deviceLabel } from '../fleet/deviceName.js';
import { searched } from '../fleet/devices.js';
import { valuesOf, watchValues } from '../fleet/values.js';

const devicesShown = 8;

interface PickerProps {
  /** The series on the page, as in the address. */
  chosen: readonly string[];
  /** Adds a series, or removes it. */
  toggle(name: SeriesName): void;
}

/** Searches devices, and adds their metrics to the charts. */
export function Picker({ chosen, toggle }: PickerProps) {
  const [text, setText] = useState('');
  const [device, setDevice] = useState<string | null>(null);
  const { found, all } = searched(text, devicesShown);
  const isFull = chosen.length >= seriesMax;
  return (
    <div class="picker">
      <label>
        Device
        <input
          type="search"
          placeholder="Search id, name, model, tag=value"
          value={text}
          onInput={({ currentTarget }) => setText(currentTarget.value)}
        />
      </label>
      <ul aria-label="Devices found">
        {found.map(({ id, model }) => (
          <li key={id}>
            <button type="button" class="quiet" aria-pressed={id === device} onClick={() => setDevice(id)}>
              <DeviceName id={id} /> <small>{model}</small>
            </button>
          </li>
        ))}
      </ul>
      <p class="found" role="status">
        {all === 0
          ? 'No devices match.'
          : all > found.length && `${found.length} of ${all} shown: type more of the id.`}
      </p>
      {isFull && (
        <p class="notice warn" role="status">
          A chart draws {seriesMax} series at most. Remove one to add another.
        </p>
      )}
      {device !== null && <Metrics key={device} device={device} chosen={chosen} isFull={isFull} toggle={toggle} />}
    </div>
  );
}

function Metrics({ device, chosen, isFull, toggle }: PickerProps & { device: string; isFull: boolean }) {
  useEffect(() => watchValues('picker', [device]), [device]);
  const metrics = Object.entries(valuesOf(device));
  if (metrics.length === 0) return <p class="hint">{deviceLabel(device)} has sent nothing yet.</p>;
  return (
    <fieldset class="metrics">
      <legend>
        Metrics of <DeviceName id={device} />
      </legend>
      {metrics.map(([metric, { value, unit }]) => {
        const isChosen = chosen.includes(seriesText({ device, metric }));
        return (
          <label key={metric} class="check">
            <input
              type="checkbox"
              checked={isChosen}
              disabled={isFull && !isChosen}
              onChange={() => toggle({ device, metric })}
            />
            <span>
              {metric} <small>{readingText(value, unit)}</small>
            </span>
          </label>
        );
      })}
    </fieldset>
  );
}
