import { StartError } from '../process/startError.js';

/** A port that cannot be opened. What opens it knows the setting that names it. */
export class PortTakenError extends StartError {
  constructor(host: string, port: number) {
    super(69, `Port ${port} on ${host} is in use or not allowed.`);
  }
}
