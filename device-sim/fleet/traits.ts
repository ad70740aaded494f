import type { FleetFault } from '../../schemas/generated/config.js';

/** Whether a device has this simulated fault from its first frame on. Other simulated faults strike at a time. */
export const isTrait = ({ fault }: FleetFault): boolean => fault === 'clock_skew' || fault === 'no_clock';
