import { explainFrame } from '../../schemas/frame/explain.js';
import { explainJson } from '../../schemas/message/explain.js';
import { models } from '../session/session.js';

interface FrameBytesProps {
  encoding: 'json' | 'binary';
  /** The frame in base64. */
  bytes: string;
  /** Unix ms. */
  receivedAt: number;
  /** A JSON Pointer to the fault in a JSON frame; null if there is none. */
  path: string | null;
  /** The device's model, which names the metrics of a binary frame. */
  model: string | null;
}

/** The fields of a binary frame, or the lines of a JSON frame, with the fault marked in its place. */
export function FrameBytes({ encoding, bytes, receivedAt, path, model }: FrameBytesProps) {
  const data = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
  if (encoding === 'json') return <JsonLines text={new TextDecoder().decode(data)} path={path} />;
  const metrics = model === null ? undefined : models.value.get(model)?.metrics;
  const names = metrics === undefined ? undefined : new Map(metrics.map(({ number, name }) => [number, name]));
  const fields = explainFrame(data, names === undefined ? { receivedAt } : { receivedAt, names });
  return (
    <div class="scrolls">
      <table class="fields">
        <thead>
          <tr>
            <th scope="col" class="number">
              byte
            </th>
            <th scope="col">bytes</th>
            <th scope="col">field</th>
            <th scope="col">value</th>
          </tr>
        </thead>
        <tbody>
          {fields.map(({ at, length, name, value, wrong }) => (
            <tr key={`${at} ${name}`} class={wrong === null ? undefined : 'wrong'}>
              <td class="number">{at}</td>
              <td>
                <code>{hexOf(data.subarray(at, at + length))}</code>
              </td>
              <th scope="row">{name}</th>
              <td>
                {value} {wrong !== null && <strong>← {wrong}</strong>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function JsonLines({ text, path }: { text: string; path: string | null }) {
  return (
    <pre class="json">
      {explainJson(text, path).map((line, i) => (
        <code key={`${i} ${line.path}`} class={line.wrong ? 'wrong' : undefined}>
          {line.text}
          {'\n'}
        </code>
      ))}
    </pre>
  );
}

const shownBytes = 8;

function hexOf(bytes: Uint8Array): string {
  const shown = Array.from(bytes.subarray(0, shownBytes), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  return bytes.length > shownBytes ? `${shown} …` : shown;
}
