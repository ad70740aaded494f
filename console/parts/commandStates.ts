/** Per state of a command: what it means, as the rest of a sentence, and its colour. */
export const commandStates: Record<string, { tone: 'wait' | 'go' | 'good' | 'bad' | 'off'; meaning: string }> = {
  queued: { tone: 'wait', meaning: 'waiting to be sent' },
  sent: { tone: 'go', meaning: 'sent over the connection; the device has not confirmed it yet' },
  received: { tone: 'go', meaning: 'the device received it' },
  running: { tone: 'go', meaning: 'the device is executing it' },
  succeeded: { tone: 'good', meaning: 'the device reported success' },
  failed: { tone: 'bad', meaning: 'the device reported a failure' },
  rejected: { tone: 'bad', meaning: 'the device refused to execute it' },
  expired: { tone: 'off', meaning: 'it expired before it could be sent' },
  timed_out: { tone: 'bad', meaning: 'sent, but the device reported no result before the deadline; it may have run' },
  cancelled: { tone: 'off', meaning: 'cancelled before it was sent' },
  superseded: { tone: 'off', meaning: 'replaced by a newer command before it was sent' },
  device_removed: { tone: 'off', meaning: 'the device was removed before the command was sent' },
};

const openStates = new Set(['queued', 'sent', 'received', 'running']);
/** Whether the command can still change its state. */
export const isOpen = (state: string): boolean => openStates.has(state);
/** A state as words, such as `timed out`. */
export const stateText = (state: string): string => state.replaceAll('_', ' ');
