/** A count with its noun, in the singular for 1: "1 day", "2 days", "1,200 readings". `many` is for nouns whose plural has no s. */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
}
