import { readFileSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { StartError } from '../process/startError.js';
import type { TlsFiles } from './transport.js';

/** The files' contents. Throws StartError 78 if the certificate or its key cannot be used. */
export function readTls(tls: TlsFiles): { cert: Buffer; key: Buffer } {
  try {
    const files = { cert: readFileSync(tls.certFile), key: readFileSync(tls.keyFile) };
    createSecureContext(files);
    return files;
  } catch (error) {
    throw new StartError(78, `${tls.certFile} and ${tls.keyFile} cannot be used for TLS: ${(error as Error).message}`);
  }
}
