import { commandUpdateStates } from '../../schemas/frame/types.js';
import { faults } from '../../schemas/tables/faults.js';
import { limits } from '../../schemas/tables/limits.js';
import { credentialEntryPrefix } from '../../schemas/tables/subprotocols.js';

const { seqMax, seqJumpMax, columnsMax, keepaliveSeconds, deviceSilenceSeconds, ackOverdueSeconds } = limits;

/**
 * The source of clients/js/core/contract.ts: what a device needs of the tables in schemas/tables. The client takes a copy
 * because a browser loads its modules as they are, from a folder that has nothing else beside them.
 */
export function deviceContract(): string {
  const ofDevice = { seqMax, seqJumpMax, columnsMax, keepaliveSeconds, deviceSilenceSeconds, ackOverdueSeconds };
  const codes = Object.entries(faults).sort(([, a], [, b]) => a.number - b.number);
  codes.forEach(([code, { number }], i) => {
    if (number !== i + 1) throw new Error(`fault ${code} has number ${number}; ${i + 1} is missing`);
  });
  return `// Made by npm run generate from schemas/tables. Do not edit.

/** Limits of the protocol that concern a device (PROTOCOL.md, Limits). */
export const limits = ${JSON.stringify(ofDevice)} as const;

/** The codes of the faults, in the order of their numbers: the first has number 1. */
export const faultCodes: readonly string[] = ${JSON.stringify(codes.map(([code]) => code))};

/** What a device reports about a command, in the order of the binary numbers: the first has number 1. */
export const commandStates = ${JSON.stringify(commandUpdateStates)} as const;

/** What the credential entry in Sec-WebSocket-Protocol begins with (H-2). */
export const credentialEntryPrefix = ${JSON.stringify(credentialEntryPrefix)};
`;
}
