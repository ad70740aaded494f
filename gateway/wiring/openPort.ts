import { StartError } from '../process/startError.js';
import { PortTakenError } from '../transport/portTaken.js';

/** Waits for a port that is being opened. Throws StartError 69 with the setting at fault if it cannot be opened. */
export async function openPort<Port>(setting: 'device.port' | 'operator.port', opening: Promise<Port>): Promise<Port> {
  try {
    return await opening;
  } catch (error) {
    if (!(error instanceof PortTakenError)) throw error;
    const host = setting.replace('port', 'host');
    const fix =
      error.of === 'port'
        ? `Stop the program that uses it, or choose another port, for example --set ${setting}=9000.`
        : `Choose an address of this machine, for example --set ${host}=127.0.0.1.`;
    throw new StartError(error.exitCode, `${error.of === 'port' ? setting : host}: ${error.message} ${fix}`);
  }
}
