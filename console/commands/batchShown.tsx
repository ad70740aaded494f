import { useEffect, useState } from 'preact/hooks';
import { countOf, countText } from '../../schemas/display/numbers.js';
import type { BatchBody } from '../../schemas/generated/operator.js';
import { DeviceName } from '../fleet/deviceName.js';
import { Failed } from '../parts/empty.js';
import { Link } from '../parts/link.js';
import { devicePath } from '../parts/router.js';
import { Time } from '../parts/time.js';
import { RefusedError } from '../session/api.js';
import { currentApi, fail, may } from '../session/session.js';
import { isRunning, targetText } from './batches.js';
import { outcomeOf, partsOf } from './batchOutcome.js';
import { StateBadge } from './commandHistory.js';

const againMs = 1_000;
const failedShown = 100;

/** One batch: its progress, the devices that failed with the reason, and the button to stop or resume it. */
export function BatchShown({ id }: { id: string }) {
  const [batch, setBatch] = useState<BatchBody | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const settle = (work: Promise<BatchBody>): void => {
    work.then(
      (body) => {
        setBatch(body);
        setTrouble(null);
      },
      (error: Error) => (error instanceof RefusedError ? setTrouble(error.message) : fail(error)),
    );
  };
  const running = batch === null || isRunning(batch.state);
  useEffect(() => {
    settle(currentApi().batch(id));
    if (!running) return;
    const timer = setInterval(() => settle(currentApi().batch(id)), againMs);
    return () => clearInterval(timer);
  }, [id, running]);
  if (batch === null) return trouble === null ? <p class="empty">Loading…</p> : <Failed what={trouble} />;
  const { name, state, failed } = batch;
  const outcome = outcomeOf(batch);
  return (
    <section class="card batch-shown" aria-label={`Batch ${name}`}>
      <h2>
        {name} <span class={`badge ${outcome.tone}`}>{outcome.word}</span>
      </h2>
      <Terms batch={batch} />
      <Progress batch={batch} />
      {trouble !== null && <Failed what={trouble} />}
      {may('operator') && isRunning(state) && (
        <p class="buttons">
          {state === 'running' ? (
            <button type="button" class="quiet" onClick={() => settle(currentApi().steerBatch(id, 'stop'))}>
              Stop
            </button>
          ) : (
            <button type="button" class="primary" onClick={() => settle(currentApi().steerBatch(id, 'resume'))}>
              Resume
            </button>
          )}
        </p>
      )}
      {failed.length > 0 && <FailedDevices failed={failed} />}
    </section>
  );
}

/** What the batch was started with, and when. */
function Terms({ batch }: { batch: BatchBody }) {
  const { params, target, total, concurrency, abortOnFailurePercent, createdAt, endedAt } = batch;
  return (
    <p class="hint">
      To {targetText(target)}, {countOf(total, 'device')}
      {Object.keys(params).length > 0 && (
        <>
          {' '}
          · parameters <code>{JSON.stringify(params)}</code>
        </>
      )}{' '}
      · up to {countText(concurrency)} at once
      {abortOnFailurePercent !== null && ` · aborts if more than ${abortOnFailurePercent} % fail`} · created{' '}
      <Time at={createdAt} />
      {endedAt !== null && (
        <>
          {' · ended '}
          <Time at={endedAt} />
        </>
      )}
    </p>
  );
}

/** A bar of the devices by what became of the command, and its legend. */
function Progress({ batch: { counts, total } }: { batch: BatchBody }) {
  const parts = partsOf(counts);
  return (
    <>
      <div class="bar" aria-hidden="true">
        {parts.map((part) => (
          <span
            key={part.name}
            class={part.tone}
            ref={(element) => element?.style.setProperty('flex-grow', String(part.count / Math.max(1, total)))}
          />
        ))}
      </div>
      <ul class="legend" aria-label={`Of ${countOf(total, 'device')}`}>
        {parts
          .filter(({ count }) => count > 0)
          .map((part) => (
            <li key={part.name} class={`dot ${part.tone}`}>
              {part.name} <b>{countText(part.count)}</b> {part.detail !== '' && <small>({part.detail})</small>}
            </li>
          ))}
      </ul>
    </>
  );
}

function FailedDevices({ failed }: { failed: BatchBody['failed'] }) {
  return (
    <>
      <h3>Devices that failed</h3>
      <ul class="list failed">
        {failed.slice(0, failedShown).map(({ device, state, error }) => (
          <li key={device}>
            <Link to={`${devicePath(device)}?tab=commands`}>
              <StateBadge state={state} />
              <span>
                <b>
                  <DeviceName id={device} />
                </b>{' '}
                <small>{error === null ? '' : JSON.stringify(error)}</small>
              </span>
            </Link>
          </li>
        ))}
      </ul>
      {failed.length > failedShown && <p class="hint">and {countText(failed.length - failedShown)} more</p>}
    </>
  );
}
