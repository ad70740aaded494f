import { useEffect, useState } from 'preact/hooks';
import { bytesText, countText } from '../../schemas/display/numbers.js';
import type { RejectedItem } from '../../schemas/generated/operator.js';
import { faults } from '../../schemas/tables/faults.js';
import type { Device } from '../fleet/presence.js';
import { Empty, Failed } from '../parts/empty.js';
import { Time } from '../parts/time.js';
import { RefusedError } from '../session/api.js';
import { currentApi, fail, may, onLive } from '../session/session.js';
import { FrameBytes } from './frameBytes.js';

const pageItems = 25;

/** The quarantine of one device: its rejected frames with the reason, newest first. */
export function Rejected({ device: { id, model } }: { device: Device }) {
  const [frames, setFrames] = useState<RejectedItem[] | null>(null);
  const [more, setMore] = useState<string | null>(null);
  const [trouble, setTrouble] = useState<string | null>(null);
  const load = async (cursor: string | null): Promise<void> => {
    try {
      const { items, next } = await currentApi().rejected(id, pageItems, cursor);
      setFrames((before) => (cursor === null ? items : [...(before ?? []), ...items]));
      setMore(next);
      setTrouble(null);
    } catch (error) {
      setTrouble((error as Error).message);
    }
  };
  useEffect(() => {
    void load(null);
    let timer = 0;
    const end = onLive((message) => {
      if (message.type !== 'rejected' || message.device !== id || timer !== 0) return;
      timer = window.setTimeout(() => {
        timer = 0;
        void load(null);
      }, 300);
    });
    return () => {
      end();
      clearTimeout(timer);
    };
  }, [id]);
  if (trouble !== null) return <Failed what={trouble} retry={() => void load(null)} />;
  if (frames === null) return <p class="empty">Loading rejected frames…</p>;
  if (frames.length === 0)
    return (
      <section class="card">
        <Empty title="No rejected frames.">
          <p>The gateway keeps every frame that it rejects, with the reason. You can admit such a frame later.</p>
        </Empty>
      </section>
    );
  return (
    <section class="card" aria-label="Rejected frames, newest first">
      <ol class="refused">
        {frames.map((frame, i) => (
          <RejectedFrame key={frame.rid} device={id} model={model} frame={frame} open={i === 0} />
        ))}
      </ol>
      {more !== null && (
        <button type="button" class="quiet" onClick={() => void load(more)}>
          Load older frames
        </button>
      )}
    </section>
  );
}

interface FrameProps {
  device: string;
  model: string | null;
  frame: RejectedItem;
  open: boolean;
}

function RejectedFrame({ device, model, frame, open }: FrameProps) {
  const { rid, receivedAt, seq, code, path, message, encoding, bytes, stream, admittedAt } = frame;
  const [shown, setShown] = useState(open);
  const meaning = (faults as Record<string, { meaning: string }>)[code]?.meaning;
  const size = Math.floor((bytes.length * 3) / 4);
  return (
    <li>
      <details open={shown} onToggle={({ currentTarget }) => setShown(currentTarget.open)}>
        <summary>
          <span class="badge bad">{code}</span>
          <span class="name">
            {message} {path !== null && path !== '' && <code>{path}</code>}
          </span>
          <Time at={receivedAt} as="age" />
        </summary>
        {shown && (
          <>
            <p class="hint">
              {meaning === undefined ? '' : `Rejected because ${meaning}. `}
              {seq === 0 ? 'No seq (best effort)' : `Seq ${seq}`} of stream {stream}, {encoding}, {bytesText(size)},
              received <Time at={receivedAt} />.
            </p>
            <FrameBytes encoding={encoding} bytes={bytes} receivedAt={receivedAt} path={path} model={model} />
            <Admit device={device} rid={rid} admittedAt={admittedAt} />
          </>
        )}
      </details>
    </li>
  );
}

/** The button that stores the frame after all. The clock rules are not applied to its times then. */
function Admit({ device, rid, admittedAt }: { device: string; rid: string; admittedAt: number | null }) {
  const [said, setSaid] = useState<{ good: boolean; text: string } | null>(null);
  const admit = async (): Promise<void> => {
    try {
      const { readings } = await currentApi().admit(device, rid);
      setSaid({
        good: true,
        text: `Admitted: ${countText(readings)} ${readings === 1 ? 'reading' : 'readings'} stored.`,
      });
    } catch (error) {
      if (error instanceof RefusedError) setSaid({ good: false, text: `Not admitted: ${error.message}` });
      else fail(error as Error);
    }
  };
  if (admittedAt !== null && said === null)
    return (
      <p class="said good">
        Admitted <Time at={admittedAt} as="age" />.
      </p>
    );
  return (
    <p class="admit">
      {may('operator') ? (
        said?.good !== true && (
          <button type="button" class="quiet" onClick={() => void admit()}>
            Admit frame
          </button>
        )
      ) : (
        <span class="hint">To admit it, you need a key with the role operator.</span>
      )}{' '}
      {said !== null && (
        <span role="status" class={said.good ? 'good' : 'bad'}>
          {said.text}
        </span>
      )}
    </p>
  );
}
