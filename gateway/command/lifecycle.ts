import { type CommandState, type FinalState, isFinal, type openStates } from '../domain/command.js';

/** What can happen to a command: the states that a device reports, then what happens at the gateway. */
export const commandEvents = [
  'received',
  'running',
  'succeeded',
  'failed',
  'rejected',
  'sent',
  'expire',
  'time_out',
  'cancel',
  'supersede',
  'remove_device',
] as const;

export type CommandEvent = (typeof commandEvents)[number];

/** Which event leads to which state. A device cannot report a command that was never sent, and nothing changes an end. */
const transitions: Record<(typeof openStates)[number], Partial<Record<CommandEvent, CommandState>>> = {
  queued: {
    sent: 'sent',
    expire: 'expired',
    cancel: 'cancelled',
    supersede: 'superseded',
    remove_device: 'device_removed',
  },
  sent: {
    received: 'received',
    running: 'running',
    succeeded: 'succeeded',
    failed: 'failed',
    rejected: 'rejected',
    time_out: 'timed_out',
  },
  received: {
    running: 'running',
    succeeded: 'succeeded',
    failed: 'failed',
    rejected: 'rejected',
    time_out: 'timed_out',
  },
  running: { succeeded: 'succeeded', failed: 'failed', rejected: 'rejected', time_out: 'timed_out' },
};

/** The state after the event; null: the event changes nothing. */
export function stateAfter(state: CommandState, event: CommandEvent): CommandState | null {
  return isFinal(state) ? null : (transitions[state][event] ?? null);
}

/**
 * What a command says about its earlier delivery (PROTOCOL.md C-2): 0 it was never sent, 1 the device has reported `received`,
 * 2 `running`, 255 it was sent and the device has reported nothing.
 */
export function knownOf(state: CommandState, sentBefore: boolean): 0 | 1 | 2 | 255 {
  if (state === 'received') return 1;
  if (state === 'running') return 2;
  return sentBefore ? 255 : 0;
}

/** Ends that count as failures of their batch. */
export const failureStates: readonly FinalState[] = ['failed', 'rejected', 'expired', 'timed_out'];
