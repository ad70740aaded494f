import { StartError } from '../process/startError.js';

export const portTaken = (host: string, port: number): StartError =>
  new StartError(
    69,
    `Port ${port} on ${host} is in use or not allowed. Choose another port, or stop the program that uses it.`,
  );
