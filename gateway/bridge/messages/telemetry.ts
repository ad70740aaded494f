import { valueText } from '../../../schemas/message/valueText.js';
import { scalarIn } from '../../columns/scalar.js';
import { seriesKinds } from '../../domain/series.js';
import type { LogRow } from '../../store/logDb/readRows.js';
import type { Message } from './message.js';
import type { Names } from './names.js';
import type { Topics } from './topics.js';

/** A frame of the log by names. Its readings are rows start to end of the log row's. */
export interface Frame {
  row: LogRow;
  index: number;
  device: string;
  stream: string | null;
  start: number;
  end: number;
}

/** The frame at that place of the row; null where none of its readings is of a series that is known. */
export function frameOf(row: LogRow, index: number, start: number, names: Names): Frame | null {
  const end = start + row.frames.readings[index];
  const first = names.series(row.readings.series[start]);
  if (first === null) return null;
  return { row, index, device: first.device, stream: names.stream(row.frames.stream[index]), start, end };
}

/**
 * Frames as JSON messages. Readings of one time are one sample, as the device sent them. What is larger than the bound becomes
 * several messages, whose ids say which samples they hold, so that an id always stands for the same content.
 */
export function createTelemetry(options: { epoch: string; topics: Topics; names: Names; messageBytesMax: number }) {
  const { epoch, topics, names, messageBytesMax } = options;
  const keys = new Map<number, string>();

  function keyOf(series: number): string {
    let key = keys.get(series);
    if (key === undefined) {
      key = `${JSON.stringify(names.series(series)?.metric ?? `series-${series}`)}:`;
      keys.set(series, key);
    }
    return key;
  }

  function valueTextOf({ readings }: LogRow, at: number): string {
    const kind = names.series(readings.series[at])?.kind ?? seriesKinds.number;
    const value = scalarIn(kind, readings.value[at], readings.strings);
    return typeof value === 'string' ? JSON.stringify(value) : valueText(value);
  }

  /** The sample that begins at this reading, and where it ends. */
  function sampleAt({ row, end }: Frame, start: number): { text: string; next: number } {
    const ts = row.readings.ts[start];
    let text = `{"ts":${ts},"values":{`;
    let at = start;
    for (; at < end && row.readings.ts[at] === ts; at++)
      text += (at === start ? '' : ',') + keyOf(row.readings.series[at]) + valueTextOf(row, at);
    return { text: `${text}}}`, next: at };
  }

  function messagesOf(frame: Frame): Message[] {
    const { row, index, device, stream, start, end } = frame;
    const { frames, readings, position } = row;
    const id = `${epoch}-${position}-${index}`;
    const topic = topics.telemetry(device);
    const about = `","device":"${device}","stream":${JSON.stringify(stream)},"seq":${frames.seq[index]},"receivedAt":${frames.receivedAt[index]},"samples":[`;
    const room = messageBytesMax - about.length - 150;
    const parts: { samples: string; first: number; count: number; newest: number }[] = [];
    let part = { samples: '', first: 0, count: 0, newest: 0 };
    for (let at = start, sample = 0; at < end; sample++) {
      const { text, next } = sampleAt(frame, at);
      if (part.count > 0 && bytesOf(part.samples) + bytesOf(text) > room) {
        parts.push(part);
        part = { samples: '', first: sample, count: 0, newest: 0 };
      }
      part.samples += part.count === 0 ? text : `,${text}`;
      part.count++;
      part.newest = Math.max(part.newest, readings.ts[at]);
      at = next;
    }
    parts.push(part);
    return parts.map(({ samples, first, count, newest }) => ({
      topic,
      body: `{"id":"${parts.length === 1 ? id : `${id}-${first}+${count}`}${about}${samples}]`,
      newestAt: Math.min(newest, frames.receivedAt[index]),
      retain: false,
    }));
  }

  return { messagesOf };
}

/** Cheap where the text is surely small: UTF-8 takes three bytes a UTF-16 unit at most. */
function bytesOf(text: string): number {
  return text.length < 256 ? 3 * text.length : Buffer.byteLength(text);
}
