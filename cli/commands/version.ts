import { sqliteMessage } from '../../gateway/process/sqliteMessage.js';
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
      `sqlite ${sqliteText()}`,
      `transport ${transport.name} ${transport.version}: ${reason}`,
    ].join('\n'),
  );
}

/** The version of SQLite, or why its library does not load: a bug report is written exactly then. */
function sqliteText(): string {
  try {
    return sqliteVersion();
  } catch (error) {
    const text = sqliteMessage(error as Error, process.versions.node);
    if (text === null) throw error;
    return `does not load. ${text}`;
  }
}
