/** What a state of a command means, and how it looks. */
export const commandStates: Record<string, { tone: 'wait' | 'go' | 'good' | 'bad' | 'off'; meaning: string }> = {
  queued: { tone: 'wait', meaning: 'waits until it can be sent' },
  sent: { tone: 'go', meaning: 'the socket took it; the device has not answered yet' },
  received: { tone: 'go', meaning: 'the device has it' },
  running: { tone: 'go', meaning: 'the device is at it' },
  succeeded: { tone: 'good', meaning: 'the device says that it was done' },
  failed: { tone: 'bad', meaning: 'the device says that it could not' },
  rejected: { tone: 'bad', meaning: 'the device refused it' },
  expired: { tone: 'off', meaning: 'it was never sent: its time to wait was over' },
  timed_out: { tone: 'bad', meaning: 'sent, and no final word by the deadline: it may have run' },
  cancelled: { tone: 'off', meaning: 'called back before it was sent' },
  superseded: { tone: 'off', meaning: 'a newer one took its place before it was sent' },
  device_removed: { tone: 'off', meaning: 'the device was removed before it was sent' },
};

const openStates = new Set(['queued', 'sent', 'received', 'running']);
export const isOpen = (state: string): boolean => openStates.has(state);
export const stateText = (state: string): string => state.replaceAll('_', ' ');
