/** The oldest Node that runs Tidegate; `engines` of package.json has the same number. */
const oldestMajor = 20;

/**
 * What a person reads if this Node is too old for Tidegate; null if it is new enough. `version` is like 20.11.1. Old Nodes run this
 * file before they load any other, so it imports nothing.
 */
export function oldNodeMessage(version: string): string | null {
  if (Number(version.split('.')[0]) >= oldestMajor) return null;
  return `Tidegate needs Node ${oldestMajor} or newer, and this is Node ${version}: install a newer one from https://nodejs.org or your distribution, then run npm ci again.`;
}
