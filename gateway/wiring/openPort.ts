import { StartError } from '../process/startError.js';
import { PortTakenError } from '../transport/portTaken.js';

/** Waits for a port that is being opened. Throws StartError 69 with the setting that names it if another program has it. */
export async function openPort<Port>(setting: 'device.port' | 'operator.port', opening: Promise<Port>): Promise<Port> {
  try {
    return await opening;
  } catch (error) {
    if (!(error instanceof PortTakenError)) throw error;
    throw new StartError(
      error.exitCode,
      `${setting}: ${error.message} Stop the program that uses it, or choose another port, for example --set ${setting}=9000.`,
    );
  }
}
