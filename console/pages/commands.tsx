import { useEffect, useState } from 'preact/hooks';
import { countOf, countText } from '../../schemas/display/numbers.js';
import type { BatchBody, BatchItem } from '../../schemas/generated/operator.js';
import { targetText } from '../commands/batches.js';
import { BatchForm } from '../commands/batchForm.js';
import { outcomeOf, partsOf } from '../commands/batchOutcome.js';
import { BatchShown } from '../commands/batchShown.js';
import { FleetHistory } from '../commands/fleetHistory.js';
import { Empty } from '../parts/empty.js';
import { Link } from '../parts/link.js';
import { Main } from '../parts/page.js';
import { param, setParams } from '../parts/router.js';
import { Time } from '../parts/time.js';
import { currentApi, fail, may } from '../session/session.js';

const pageItems = 50;
const againMs = 2_000;

/** Command batches: one command for many devices, with the progress of each batch. */
export function CommandsPage() {
  const [batches, setBatches] = useState<BatchItem[] | null>(null);
  const shown = param('batch');
  useEffect(() => {
    const load = (): void => {
      currentApi()
        .batches(pageItems)
        .then(({ items }) => setBatches(items), fail);
    };
    load();
    const timer = setInterval(load, againMs);
    return () => clearInterval(timer);
  }, [shown]);
  const making = param('new') !== '';
  const made = (batch: BatchBody): void => setParams({ new: '', batch: batch.id });
  return (
    <Main
      title="Commands"
      actions={
        may('operator') && (
          <button
            type="button"
            class={making ? 'quiet' : 'primary'}
            onClick={() => setParams({ new: making ? '' : '1', batch: '' })}
          >
            {making ? 'Cancel' : 'Command many devices'}
          </button>
        )
      }
    >
      {making && may('operator') && <BatchForm made={made} />}
      <div class={shown === '' ? undefined : 'command-columns'}>
        <Batches batches={batches} shown={shown} />
        {shown !== '' && <BatchShown key={shown} id={shown} />}
      </div>
      <p class="hint">To command a single device, open its page.</p>
      <FleetHistory />
    </Main>
  );
}

function Batches({ batches, shown }: { batches: BatchItem[] | null; shown: string }) {
  if (batches === null) return <p class="empty">Loading batches…</p>;
  if (batches.length === 0)
    return (
      <section class="card">
        <Empty
          title="No batches yet."
          action={
            may('operator') ? (
              <button type="button" class="quiet" onClick={() => setParams({ new: '1' })}>
                Command many devices
              </button>
            ) : (
              <Link to="/devices" class="button quiet">
                All devices
              </Link>
            )
          }
        >
          <p>
            A batch sends one command to many devices, chosen by id, tag or model. You set how many run it at once, and
            how many may fail before the batch is aborted.
          </p>
        </Empty>
      </section>
    );
  return (
    <section class="card" aria-label="Batches, newest first">
      <ul class="list">
        {batches.map((batch) => (
          <li key={batch.id}>
            <button
              type="button"
              class="batch"
              aria-pressed={batch.id === shown}
              onClick={() => setParams({ batch: batch.id === shown ? '' : batch.id })}
            >
              <span class={`badge ${outcomeOf(batch).tone}`}>{outcomeOf(batch).word}</span>
              <span>
                <b>{batch.name}</b>{' '}
                <small>
                  {targetText(batch.target)} · {countOf(batch.total, 'device')}
                </small>
              </span>
              <Result counts={batch.counts} />
              <Time at={batch.createdAt} as="age" />
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** How many devices of a batch succeeded, failed and so on. */
function Result({ counts }: { counts: BatchItem['counts'] }) {
  return (
    <span class="result">
      {partsOf(counts)
        .filter(({ count }) => count > 0)
        .map(({ name, tone, count, detail }) => (
          <span key={name} class={`dot ${tone}`} title={detail === '' ? undefined : detail}>
            {countText(count)} {name}
          </span>
        ))}
    </span>
  );
}
