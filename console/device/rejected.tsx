import { useEffect, useState } from 'preact/hooks';
import type { RejectedItem } from '../../schemas/generated/operator.js';
import { faults } from '../../schemas/tables/faults.js';
import type { Device } from '../fleet/presence.js';
import { Empty, Failed } from '../parts/empty.js';
import { bytesText, countText } from '../parts/format.js';
import { Time } from '../parts/time.js';
import { RefusedError } from '../session/api.js';
import { currentApi, fail, may, onLive } from '../session/session.js';
import { FrameBytes } from './frameBytes.js';

const pageItems = 25;

/** The quarantine of one device: nothing that was refused is silently gone. */
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
    let again: ReturnType<typeof setTimeout> | undefined;
    const end = onLive((message) => {
      if (message.type !== 'rejected' || message.device !== id || again !== undefined) return;
      again = setTimeout(() => {
        again = undefined;
        void load(null);
      }, 300);
    });
    return () => {
      end();
      clearTimeout(again);
    };
  }, [id]);
  if (trouble !== null) return <Failed what={trouble} retry={() => void load(null)} />;
  if (frames === null) return <p class="empty">Reading the quarantine…</p>;
  if (frames.length === 0)
    return (
      <section class="card">
        <Empty title="No frame of it was refused.">
          <p>What the gateway cannot store is kept here with the reason, and can be let in after all.</p>
        </Empty>
      </section>
    );
  return (
    <section class="card" aria-label="Refused frames, newest first">
      <ol class="refused">
        {frames.map((frame, i) => (
          <RejectedFrame key={frame.rid} device={id} model={model} frame={frame} open={i === 0} />
        ))}
      </ol>
      {more !== null && (
        <button type="button" class="quiet" onClick={() => void load(more)}>
          Earlier ones
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
              {meaning === undefined ? '' : `Refused because ${meaning}. `}
              {seq === 0 ? 'Not numbered' : `Number ${seq}`} of stream {stream}, {encoding}, {bytesText(size)}, received{' '}
              <Time at={receivedAt} />.
            </p>
            <FrameBytes encoding={encoding} bytes={bytes} receivedAt={receivedAt} path={path} model={model} />
            <Admit device={device} rid={rid} admittedAt={admittedAt} />
          </>
        )}
      </details>
    </li>
  );
}

/** Stores the frame after all: its times and numbering are believed then. */
function Admit({ device, rid, admittedAt }: { device: string; rid: string; admittedAt: number | null }) {
  const [said, setSaid] = useState<{ good: boolean; text: string } | null>(null);
  const admit = async (): Promise<void> => {
    try {
      const { readings } = await currentApi().admit(device, rid);
      setSaid({
        good: true,
        text: `Admitted: ${countText(readings)} ${readings === 1 ? 'reading is' : 'readings are'} stored.`,
      });
    } catch (error) {
      if (error instanceof RefusedError) setSaid({ good: false, text: `It cannot be let in: ${error.message}` });
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
            Admit it
          </button>
        )
      ) : (
        <span class="hint">To let it in after all, a key with the role operator is needed.</span>
      )}{' '}
      {said !== null && (
        <span role="status" class={said.good ? 'good' : 'bad'}>
          {said.text}
        </span>
      )}
    </p>
  );
}
