/**
 * Makes a function that runs work in turn: work that has a key in common with earlier work begins when that has ended, well or not.
 * Other work does not wait. A key that nobody waits for is forgotten.
 */
export function createTurns(): <Result>(keys: readonly string[], work: () => Promise<Result>) => Promise<Result> {
  const last = new Map<string, Promise<void>>();
  return (keys, work) => {
    const before = keys.flatMap((key) => last.get(key) ?? []);
    const own = before.length === 0 ? work() : Promise.all(before).then(work);
    const ended = own.then(
      () => {},
      () => {},
    );
    for (const key of keys) last.set(key, ended);
    void ended.then(() => {
      for (const key of keys) if (last.get(key) === ended) last.delete(key);
    });
    return own;
  };
}
