/** Where a setting comes from. */
export interface Origin {
  source: 'default' | 'file' | 'environment' | 'set';
  /** The file, or the variable of the environment; null for the other sources. */
  from: string | null;
}

/** Where each key of a configuration comes from. A key that is not in it has its default. */
export type Origins = ReadonlyMap<string, Origin>;

export const byDefault: Origin = { source: 'default', from: null };

/** An origin for people: `default`, the file, `environment TIDEGATE_…` or `--set`. */
export function originText({ source, from }: Origin): string {
  switch (source) {
    case 'file':
      return from ?? source;
    case 'environment':
      return `environment ${from}`;
    case 'set':
      return '--set';
    case 'default':
      return source;
    default:
      return source satisfies never;
  }
}
