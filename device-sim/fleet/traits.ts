import type { FleetFault } from '../../schemas/generated/config.js';

/** Of the clock from the first frame on. */
export const isTrait = ({ fault }: FleetFault): boolean => fault === 'clock_skew' || fault === 'no_clock';
