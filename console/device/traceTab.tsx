import { useEffect, useState } from 'preact/hooks';
import { bytesText, countText } from '../../schemas/display/numbers.js';
import type { LiveTrace } from '../../schemas/generated/operator.js';
import { deviceLabel } from '../fleet/deviceName.js';
import { Empty } from '../parts/empty.js';
import { Link } from '../parts/link.js';
import { Time } from '../parts/time.js';
import { onLive, want } from '../session/session.js';
import { FrameBytes } from './frameBytes.js';

const kept = 100;
const tones: Record<LiveTrace['outcome'], string> = {
  stored: 'good',
  duplicate: 'wait',
  refused: 'bad',
  other: 'off',
  closed: 'bad',
  lost: 'bad',
};
const steps = ['decoded', 'committed', 'acked', 'bridged'] as const;

/** The traces of the device's frames, recorded while this tab is open. */
export function TraceTab({ id, model }: { id: string; model: string | null }) {
  const [frames, setFrames] = useState<LiveTrace[]>([]);
  const [paused, setPaused] = useState(false);
  useEffect(() => {
    if (paused) return;
    let waiting: LiveTrace[] = [];
    const endLive = onLive((message) => {
      if (message.type !== 'trace' || message.device !== id) return;
      if (waiting.length === 0) setTimeout(flush, 200);
      waiting.push(message);
    });
    const flush = (): void => {
      const news = waiting;
      waiting = [];
      setFrames((before) => {
        const byId = new Map(before.map((frame) => [frame.id, frame]));
        for (const frame of news) byId.set(frame.id, frame);
        return [...byId.values()].sort((a, b) => b.id - a.id).slice(0, kept);
      });
    };
    const endWant = want('trace', { kinds: ['trace'], devices: [id] });
    return () => {
      endWant();
      endLive();
    };
  }, [id, paused]);
  return (
    <section class="card" aria-label="Trace">
      <div class="chart-head">
        <p class="hint">
          Each frame of {deviceLabel(id)}, and when it reached each step, in ms after its receipt. The gateway records
          this only while this tab is open. The same in a terminal: <code>tidegate tail {id} --trace</code>
        </p>
        <button type="button" class="quiet" onClick={() => setPaused(!paused)}>
          {paused ? 'Resume' : 'Pause'}
        </button>
      </div>
      {frames.length === 0 ? (
        <Empty
          title={paused ? 'Paused.' : 'Waiting for the next frame…'}
          action={
            paused ? (
              <button type="button" class="quiet" onClick={() => setPaused(false)}>
                Resume
              </button>
            ) : (
              <Link to={`/attempts?device=${encodeURIComponent(id)}`} class="button quiet">
                Refused connections of this device
              </Link>
            )
          }
        >
          {!paused && <p>Frames appear when the device sends them. If it never does, it may be refused.</p>}
        </Empty>
      ) : (
        <ol class="trace">
          {frames.map((frame) => (
            <TracedFrame key={frame.id} frame={frame} model={model} />
          ))}
        </ol>
      )}
    </section>
  );
}

function TracedFrame({ frame, model }: { frame: LiveTrace; model: string | null }) {
  const { seq, encoding, length, outcome, readings, receivedAt, fault, bytes } = frame;
  const [shown, setShown] = useState(false);
  return (
    <li>
      <details open={shown} onToggle={({ currentTarget }) => setShown(currentTarget.open)}>
        <summary>
          <Time at={receivedAt} as="clock" />
          <span class="seq">{seq === 0 ? '–' : `seq ${seq}`}</span>
          <span class={`badge ${tones[outcome]}`}>{outcome}</span>
          <span class="what">
            {fault === null ? `${countText(readings)} readings` : `${fault.code}: ${fault.message}`} · {encoding}{' '}
            {bytesText(length)}
          </span>
          <span class="way">
            {steps.map((step) => {
              const ms = frame[`${step}Ms`];
              return (
                ms !== null && (
                  <span key={step}>
                    {step} <b>{ms.toFixed(ms < 10 ? 2 : 1)}</b>
                  </span>
                )
              );
            })}
          </span>
        </summary>
        {shown && (
          <FrameBytes
            encoding={encoding}
            bytes={bytes}
            receivedAt={receivedAt}
            path={fault?.path ?? null}
            model={model}
          />
        )}
      </details>
    </li>
  );
}
