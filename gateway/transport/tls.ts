import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { fileReason } from '../../schemas/errors.js';
import { StartError } from '../process/startError.js';
import type { TlsFiles } from './transport.js';

/** The files' contents. Throws StartError 78 if the certificate or its key cannot be used. */
export function readTls(tls: TlsFiles): { cert: Buffer; key: Buffer } {
  const files = { cert: read(tls.certFile), key: read(tls.keyFile) };
  try {
    createSecureContext(files);
    return files;
  } catch (error) {
    throw new StartError(78, `${tls.certFile} and ${tls.keyFile} cannot be used for TLS: ${(error as Error).message}`);
  }
}

function read(file: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new StartError(
      78,
      `${file} cannot be used for TLS: ${fileReason(error)}. Correct the path, or let the user that runs Tidegate read it.`,
    );
  }
}
