import { Ajv2020 } from 'ajv/dist/2020.js';
import type { Fault } from './faults.js';
import type { CommandUpdateMessage, HelloMessage, MetricsMessage, TelemetryMessage, TimeRequestMessage } from './generated/device.js';
import { loadSchema } from './packageRoot.js';

// provisional: to be replaced by the contract engineer's file
export type UpMessage = TelemetryMessage | MetricsMessage | HelloMessage | CommandUpdateMessage | TimeRequestMessage;
const ajv = new Ajv2020();
const validators = Object.fromEntries(['telemetry', 'metrics', 'hello', 'command_update', 'time'].map((t) => [t, ajv.compile(loadSchema(`device/${t}`))]));

export function parseUpMessage(text: string): { ok: true; message: UpMessage } | { ok: false; seq: number; fault: Fault } {
  let message: any;
  try {
    message = JSON.parse(text);
  } catch {
    return { ok: false, seq: 0, fault: { code: 'json_invalid', message: 'not JSON' } };
  }
  const validate = validators[message?.type ?? 'telemetry'];
  if (validate === undefined) return { ok: false, seq: 0, fault: { code: 'type_unknown', message: `type ${message.type}` } };
  if (validate(message)) return { ok: true, message };
  const seq = Number.isInteger(message?.seq) ? message.seq : 0;
  return { ok: false, seq, fault: { code: 'schema_invalid', message: validate.errors?.[0].message ?? '', path: validate.errors?.[0].instancePath } };
}
