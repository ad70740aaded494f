import pc from 'picocolors';
import { countOf } from '../../schemas/display/numbers.js';
import { explainFrame } from '../../schemas/frame/explain.js';
import type { LiveTrace } from '../../schemas/generated/operator.js';
import { explainJson } from '../../schemas/message/explain.js';
import { timeText } from './output.js';

const steps = ['decoded', 'committed', 'acked', 'bridged'] as const;
const colours = {
  stored: pc.green,
  duplicate: pc.yellow,
  refused: pc.red,
  other: pc.cyan,
  closed: pc.red,
  lost: pc.red,
} as const;

/** The trace of a frame in one line. If the frame was refused, its fields follow with the fault marked. */
export function traceLines(trace: LiveTrace): string[] {
  const { device, seq, encoding, length, outcome, readings, receivedAt, fault } = trace;
  const what = outcome === 'stored' ? `stored, ${countOf(readings, 'reading')}` : outcome;
  const way = steps
    .flatMap((step) => {
      const ms = trace[`${step}Ms`];
      return ms === null ? [] : [`${step} ${pc.bold(`+${ms.toFixed(2)}`)} ms`];
    })
    .join('  ');
  const line = `${pc.dim(timeText(receivedAt))}  ${device}  seq ${seq}  ${encoding} ${length} B  ${colours[outcome](what)}  received  ${way}`;
  if (fault === null) return [line];
  const path = fault.path === null ? '' : ` at ${fault.path}`;
  return [line, `    ${pc.red(fault.code)}${path}: ${fault.message}`, ...explained(trace).map((text) => `    ${text}`)];
}

function explained({ encoding, bytes, receivedAt, fault }: LiveTrace): string[] {
  const data = Buffer.from(bytes, 'base64');
  if (encoding === 'json')
    return explainJson(data.toString(), fault?.path ?? null).map(({ text, wrong }) => (wrong ? pc.red(text) : text));
  return explainFrame(data, { receivedAt }).map(({ at, length, name, value, wrong }) => {
    const hex = data.subarray(at, at + Math.min(length, 8)).toString('hex');
    const text = `${String(at).padStart(4)}  ${hex.padEnd(16)}  ${name.padEnd(20)} ${value}`;
    return wrong === null ? text : `${pc.red(text)}  ${pc.bold(pc.red(`← ${wrong}`))}`;
  });
}
