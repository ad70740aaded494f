import { execFile } from 'node:child_process';

/**
 * Tells systemd how the service is (sd_notify(3)), such as `READY=1`. Does nothing if no systemd started it, or the unit's type is not
 * notify. Node has no datagram sockets for Unix paths, so systemd's own program sends it, which needs `NotifyAccess=all`.
 */
export function notifySystemd(...states: string[]): Promise<void> {
  if (process.env.NOTIFY_SOCKET === undefined) return Promise.resolve();
  return new Promise((resolve, reject) => {
    execFile('systemd-notify', states, (error) => (error === null ? resolve() : reject(error)));
  });
}
