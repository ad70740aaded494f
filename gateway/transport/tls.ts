import { createPrivateKey, X509Certificate } from 'node:crypto';
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
    throw new StartError(
      78,
      `${tls.certFile} and ${tls.keyFile} cannot be used for TLS: ${faultOf(tls, files) ?? (error as Error).message}`,
    );
  }
}

/** What is wrong with the two files, in words; null if it is neither of them alone, nor that they belong to others. */
function faultOf({ certFile, keyFile }: TlsFiles, { cert, key }: { cert: Buffer; key: Buffer }): string | null {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch {
    return `${certFile} has no certificate in PEM form. Give the file that begins with -----BEGIN CERTIFICATE-----.`;
  }
  try {
    const privateKey = createPrivateKey(key);
    if (certificate.checkPrivateKey(privateKey)) return null;
    return `the key does not belong to the certificate (${certificate.subject.replaceAll('\n', ', ')}). Give the two files that were made together.`;
  } catch {
    return /ENCRYPTED/.test(key.toString())
      ? `the key in ${keyFile} has a passphrase. Give a key without one.`
      : `${keyFile} has no private key in PEM form. Give the file that begins with -----BEGIN PRIVATE KEY-----.`;
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
