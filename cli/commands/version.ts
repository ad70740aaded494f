import { version } from '../../gateway/process/version.js';
import { sqliteVersion } from '../../gateway/store/outside/sqliteVersion.js';
import { chooseTransport } from '../../gateway/transport/choose.js';

/** `tidegate --version`: the first line is the version alone, for scripts. A bug report needs the rest. */
export async function printVersion(): Promise<void> {
  const { transport, reason } = await chooseTransport('auto');
  console.log(
    [
      version,
      `node ${process.versions.node} (${process.platform} ${process.arch})`,
      `sqlite ${sqliteVersion()}`,
      `transport ${transport.name} ${transport.version}: ${reason}`,
    ].join('\n'),
  );
}
