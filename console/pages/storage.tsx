import { useState } from 'preact/hooks';
import { bytesText, countOf } from '../../schemas/display/numbers.js';
import { spanText } from '../../schemas/display/times.js';
import type { StorageBody } from '../../schemas/generated/operator.js';
import { Empty, Failed } from '../parts/empty.js';
import { Link } from '../parts/link.js';
import { Main } from '../parts/page.js';
import { usePolled } from '../parts/polled.js';
import { RefusedError } from '../session/api.js';
import { currentApi, fail, may, now } from '../session/session.js';

const againMs = 10_000;
const daysShown = 31;

/** What the data folder holds, how long the disk lasts, and what is removed when. */
export function StoragePage() {
  const storage = usePolled(() => currentApi().storage(), againMs, []);
  return (
    <Main title="Storage" actions={may('operator') && <Seal done={storage.again} />}>
      {storage.trouble !== null && <Failed what={storage.trouble} retry={storage.again} />}
      {storage.value === null ? <p class="empty">Loading…</p> : <Shown storage={storage.value} />}
    </Main>
  );
}

function Shown({ storage }: { storage: StorageBody }) {
  const { days, dataFolder, freeBytes, low, bytesPerDay, retentionPaused } = storage;
  const readings = sum(days.map(({ readingsBytes }) => readingsBytes));
  const rollups = sum(days.map(({ rollupBytes }) => rollupBytes));
  const kinds = [
    { name: 'Readings in day files', bytes: readings, tone: 'go' },
    { name: 'Aggregates per minute and hour', bytes: rollups, tone: 'good' },
    { name: 'Commit log', bytes: storage.logBytes, tone: 'wait' },
    { name: 'Devices, keys, commands', bytes: storage.registryBytes, tone: 'off' },
    { name: 'Reserved for a full disk', bytes: storage.ballastBytes, tone: 'off' },
  ];
  const all = sum(kinds.map(({ bytes }) => bytes));
  return (
    <>
      {storage.damagedDays.map(({ day, file, fault, waiting }) => (
        <p key={day} class="notice warn" role="status">
          {file} cannot be used: {fault}. Restore it from a backup. A restart is not needed.
          {waiting > 0 &&
            ` ${countOf(waiting, 'new reading')} of the day ${waiting === 1 ? 'waits' : 'wait'} until then.`}
        </p>
      ))}
      <dl class="tiles">
        <div class={`card tile plain ${low ? 'wrong' : ''}`}>
          <dt>Free disk space</dt>
          <dd>{bytesText(freeBytes)}</dd>
          <dd class="note">{low ? 'low: below store.lowSpaceBytes' : lastsText(storage, now.value)}</dd>
        </div>
        <div class="card tile plain">
          <dt>Growth</dt>
          <dd>
            {bytesPerDay === null ? '–' : bytesText(bytesPerDay)} {bytesPerDay !== null && <small>per day</small>}
          </dd>
          <dd class="note">
            {bytesPerDay === null ? 'known after the first whole day (UTC)' : 'mean of the last 7 days (UTC)'}
          </dd>
        </div>
        <div class="card tile plain">
          <dt>Data folder</dt>
          <dd>{bytesText(all)}</dd>
          <dd class="note wraps">{dataFolder}</dd>
        </div>
      </dl>
      <div class="columns">
        <section class="card" aria-labelledby="kinds">
          <h2 id="kinds">By kind</h2>
          <div class="bar" aria-hidden="true">
            {kinds.map(({ name, bytes, tone }) => (
              <span key={name} class={tone} style={{ flexGrow: bytes }} />
            ))}
          </div>
          <table class="kinds">
            <tbody>
              {kinds.map(({ name, bytes, tone }) => (
                <tr key={name}>
                  <th scope="row">
                    <span class={`dot ${tone}`} /> {name}
                  </th>
                  <td class="number">{bytesText(bytes)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          <p class="hint">
            {countOf(storage.unsealedReadings, 'reading')} in the log {storage.unsealedReadings === 1 ? 'is' : 'are'}{' '}
            not in day files yet.
          </p>
        </section>
        <section class="card" aria-labelledby="retention">
          <h2 id="retention">Retention</h2>
          <table>
            <tbody>
              <tr>
                <th scope="row">Readings</th>
                <td class="number">{countOf(storage.retentionDays, 'day')}</td>
              </tr>
              <tr>
                <th scope="row">Aggregates</th>
                <td class="number">{countOf(storage.rollupRetentionDays, 'day')}</td>
              </tr>
            </tbody>
          </table>
          <p class="hint">
            {retentionPaused === null
              ? 'Older days are removed automatically.'
              : `Retention is paused: ${retentionPaused}.`}{' '}
            {may('operator') && <Link to="/settings?q=store.">Storage settings</Link>}
          </p>
        </section>
      </div>
      <Days days={days} />
    </>
  );
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0);

function lastsText({ fullAt, bytesPerDay }: StorageBody, at: number): string {
  if (bytesPerDay === null) return 'time until full: not known yet';
  if (fullAt === null) return 'enough: at this rate, old days are removed before it is full';
  return `full in about ${spanText(fullAt - at)} at this rate`;
}

function Days({ days }: { days: StorageBody['days'] }) {
  const [all, setAll] = useState(false);
  const shown = all ? days : days.slice(0, daysShown);
  const largest = Math.max(1, ...days.map(({ readingsBytes, rollupBytes }) => readingsBytes + rollupBytes));
  return (
    <section class="card" aria-labelledby="days">
      <h2 id="days">
        Days <span class="count">{days.length}</span>
      </h2>
      {days.length === 0 ? (
        <Empty
          title="No day files yet."
          action={
            may('operator') ? (
              <Link to="/settings?q=store.seal" class="button quiet">
                When readings are sealed
              </Link>
            ) : (
              <Link to="/devices" class="button quiet">
                All devices
              </Link>
            )
          }
        >
          <p>Readings are in the commit log until they are sealed.</p>
        </Empty>
      ) : (
        <div class="scrolls">
          <table class="days">
            <thead>
              <tr>
                <th scope="col">Day (UTC)</th>
                <th scope="col" class="number">
                  Readings
                </th>
                <th scope="col" class="number">
                  Aggregates
                </th>
                <th scope="col">
                  <span class="hidden">Share of the largest day</span>
                </th>
              </tr>
            </thead>
            <tbody>
              {shown.map(({ day, readingsBytes, rollupBytes }) => (
                <tr key={day}>
                  <th scope="row">{day}</th>
                  <td class="number">{readingsBytes === 0 ? 'removed' : bytesText(readingsBytes)}</td>
                  <td class="number">{rollupBytes === 0 ? '–' : bytesText(rollupBytes)}</td>
                  <td class="share">
                    <meter max={largest} value={readingsBytes + rollupBytes} aria-label={`Size of ${day}`} />
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {shown.length < days.length && (
        <p class="older">
          <button type="button" class="quiet" onClick={() => setAll(true)}>
            Show all {countOf(days.length, 'day')}
          </button>
        </p>
      )}
    </section>
  );
}

/** Moves everything committed into day files now, and not when it is due. */
function Seal({ done }: { done(): void }) {
  const [state, setState] = useState<'idle' | 'running' | 'done'>('idle');
  const [trouble, setTrouble] = useState<string | null>(null);
  const seal = (): void => {
    setState('running');
    setTrouble(null);
    currentApi()
      .seal()
      .then(
        () => setState('done'),
        (error: Error) => {
          setState('idle');
          if (error instanceof RefusedError) setTrouble(error.message);
          else fail(error);
        },
      )
      .finally(done);
  };
  return (
    <span class="reload">
      <span role="status">{trouble ?? (state === 'done' ? 'Sealed: all readings are in day files.' : '')}</span>
      <button type="button" class="quiet" disabled={state === 'running'} onClick={seal}>
        {state === 'running' ? 'Sealing…' : 'Seal now'}
      </button>
    </span>
  );
}
