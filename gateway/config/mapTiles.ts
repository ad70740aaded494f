import type { MapTilesConfig } from '../../schemas/generated/config.js';

/** What the map puts into the URL of a tile. */
const places = ['{z}', '{x}', '{y}', '{r}'];
/** A host that a content security policy can name: no IPv6 address, and no character that means something there. */
const namable = /^[a-z0-9-]+(\.[a-z0-9-]+)*$/;

/** What is wrong with the server of map tiles, as sentences; the schema checks only that there are texts. */
export function mapTilesFaults({ url }: MapTilesConfig): string[] {
  const faulty = (why: string): string[] => [`console.mapTiles.url: ${JSON.stringify(url)} ${why}`];
  if (!/^https?:\/\/[^/\\\s]/i.test(url) || !URL.canParse(url))
    return faulty('is no URL of a tile, such as "https://tiles.example.com/{z}/{x}/{y}.png"');
  const { username, password, hostname } = new URL(url);
  const [origin = ''] = /^[^/]*\/\/[^/?#]*/.exec(url) ?? [];
  if (username !== '' || password !== '')
    return faulty('must not contain a user name or password, because every operator would read it');
  if (/[{}]/.test(origin))
    return faulty('must have a fixed host without {…}, because the browser may load from one host only');
  if (!namable.test(hostname)) return faulty('needs a host name or an IPv4 address');
  const missing = places.slice(0, 3).filter((place) => !url.includes(place));
  if (missing.length > 0)
    return faulty(`needs ${missing.join(' and ')}, which the map replaces by the place of a tile`);
  const others = (url.match(/\{[^}]*\}?/g) ?? []).filter((place) => !places.includes(place));
  return others.length > 0 ? faulty(`has ${others.join(' and ')}; only ${places.join(', ')} can be replaced`) : [];
}
