import type { Ending } from '../../clients/js/core/reconnect.js';
import { closeNameOf } from '../../schemas/tables/closeCodes.js';

/** A few words, such as 'close 4001 overloaded', 'HTTP 401', 'ECONNREFUSED'. */
export function describeEnding(ending: Ending): string {
  switch (ending.kind) {
    case 'closed':
      return ['close', ending.code, closeNameOf(ending.code)].filter((word) => word !== undefined).join(' ');
    case 'refused':
      return `HTTP ${ending.status}`;
    case 'failed':
      return ending.cause;
    default:
      return ending satisfies never;
  }
}
