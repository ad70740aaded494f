import { useEffect, useState } from 'preact/hooks';
import { bytesText, countOf, countText } from '../../schemas/display/numbers.js';
import type { RejectedItem } from '../../schemas/generated/operator.js';
import { faults } from '../../schemas/tables/faults.js';
import type { Device } from '../fleet/presence.js';
import { Empty, Failed } from '../parts/empty.js';
import { setParams } from '../parts/router.js';
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
        <Empty
          title="No rejected frames."
          action={
            <button type="button" class="quiet" onClick={() => setParams({ tab: 'trace' })}>
              Watch its frames
            </button>
          }
        >
          <p>
            The gateway keeps each rejected frame with the reason. If you admit such a frame, its readings are stored.
          </p>
        </Empty>
      </section>
    );
  return (
    <section class="card" aria-label="Rejected frames, newest first">
      <ol class="refused">
        {alike(frames).map((group, i) => (
          <RejectedFrames key={group[0].rid} device={id} model={model} frames={group} open={i === 0} />
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

/** Frames with the same fault in the same place together, in the order of their newest. */
function alike(frames: RejectedItem[]): RejectedItem[][] {
  const groups = new Map<string, RejectedItem[]>();
  for (const frame of frames) {
    const key = JSON.stringify([frame.code, frame.path, frame.message]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [frame]);
    else group.push(frame);
  }
  return [...groups.values()];
}

interface DeviceProps {
  device: string;
  model: string | null;
}

/** Frames with the same fault: what is wrong, and the newest frame; the older ones below it. */
function RejectedFrames({ frames, open, ...of }: DeviceProps & { frames: RejectedItem[]; open: boolean }) {
  const [shown, setShown] = useState(open);
  const [{ code, path, message, receivedAt }, ...older] = frames;
  return (
    <li>
      <details open={shown} onToggle={({ currentTarget }) => setShown(currentTarget.open)}>
        <summary>
          <span class="name">
            {message} {path !== null && path !== '' && <code>{path}</code>}
          </span>
          <span class="badge bad">{code}</span>
          <b>{older.length > 0 && `${countText(frames.length)}×`}</b>
          <Time at={receivedAt} as="age" />
        </summary>
        {shown && (
          <>
            <Frame frame={frames[0]} {...of} />
            {older.length > 0 && (
              <details class="older">
                <summary>{countOf(older.length, 'older frame')} with the same fault</summary>
                {older.map((frame) => (
                  <Frame key={frame.rid} frame={frame} {...of} />
                ))}
              </details>
            )}
          </>
        )}
      </details>
    </li>
  );
}

function Frame({ device, model, frame }: DeviceProps & { frame: RejectedItem }) {
  const { rid, receivedAt, seq, code, path, encoding, bytes, stream, admittedAt } = frame;
  const meaning = (faults as Record<string, { meaning: string }>)[code]?.meaning;
  const size = Math.floor((bytes.length * 3) / 4);
  return (
    <>
      <p class="hint">
        {meaning === undefined ? '' : `Rejected because ${meaning}. `}
        {seq === 0 ? 'No seq (best effort)' : `Seq ${seq}`} of stream {stream}, {encoding}, {bytesText(size)}, received{' '}
        <Time at={receivedAt} />.
      </p>
      <FrameBytes encoding={encoding} bytes={bytes} receivedAt={receivedAt} path={path} model={model} />
      <Admit device={device} rid={rid} admittedAt={admittedAt} />
    </>
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
        text: `Admitted. ${countOf(readings, 'reading')} stored.`,
      });
    } catch (error) {
      if (error instanceof RefusedError) setSaid({ good: false, text: `Not admitted. ${error.message}` });
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
            Admit and store
          </button>
        )
      ) : (
        <span class="hint">To store its readings, you need a key with the role operator.</span>
      )}{' '}
      {said !== null && (
        <span role="status" class={said.good ? 'good' : 'bad'}>
          {said.text}
        </span>
      )}
    </p>
  );
}
