/** Small steps back happen to clocks that are kept in time; readings are refused by five minutes at the earliest. */
const stepBackMaxMs = 60_000;

/**
 * A clock that shows a time before the gateway was built, or before its newest commit, would refuse good readings as being
 * from the future. While it does, the gateway takes none (DESIGN section 3, clock_untrusted).
 */
export function createClockGuard(builtAt: number, newestCommitAt: number) {
  let newest = newestCommitAt;
  return {
    trusts: (now: number): boolean => now >= builtAt && now >= newest - stepBackMaxMs,
    committed(at: number): void {
      if (at > newest) newest = at;
    },
    newestCommitAt: (): number => newest,
  };
}
