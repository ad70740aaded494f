import { Failure } from '../api/failure.js';

/** Tags from texts of the form `name=value`. Throws Failure. */
export function parseTags(tags: string[] = []): Record<string, string> {
  return Object.fromEntries(
    tags.map((tag) => {
      const at = tag.indexOf('=');
      if (at <= 0) throw new Failure(64, `"${tag}" is not a tag. Write name=value, for example site=north`);
      return [tag.slice(0, at), tag.slice(at + 1)];
    }),
  );
}

export function tagsText(tags: Record<string, string>): string {
  return Object.entries(tags)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ');
}
