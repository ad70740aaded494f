/**
 * The path below which the gateway is reached, with a slash at its end: `/`, or for example `/tidegate/` behind a proxy that serves it
 * below that path. The gateway does not know it. All files of the console are in one folder, so its scripts do.
 */
export const base = new URL('.', import.meta.url).pathname;

/** The path in the browser's address of a path of the gateway: `/tidegate/devices` for `/devices`. */
export const addressOf = (path: string): string => base + path.replace(/^\//, '');

/** The path of the gateway that an address's path stands for: `/devices` for `/tidegate/devices`. */
export const pathIn = (address: string): string =>
  address.startsWith(base) ? `/${address.slice(base.length)}` : address;

/** A name under which the browser keeps something of this gateway. Another gateway below another path of the same site has another. */
export const keptAs = (name: string): string => (base === '/' ? name : `${name} ${base}`);
