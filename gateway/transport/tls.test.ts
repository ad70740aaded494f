import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tempFolder } from '../../tests/rig/tempFolder.js';
import { readTls } from './tls.js';

/** A self-signed certificate of gateway.example, valid until 2126; its key was thrown away. */
const certificate = `-----BEGIN CERTIFICATE-----
MIIBijCCATGgAwIBAgIUW9lnl2X72G87wIRR18t8vngxlCMwCgYIKoZIzj0EAwIw
GjEYMBYGA1UEAwwPZ2F0ZXdheS5leGFtcGxlMCAXDTI2MTEzMDEyMzgwMFoYDzIx
MjYxMTA2MTIzODAwWjAaMRgwFgYDVQQDDA9nYXRld2F5LmV4YW1wbGUwWTATBgcq
hkjOPQIBBggqhkjOPQMBBwNCAATX4k4f8USlWLi7xsALZYiE9ndH/P6mEM5QSWrn
R6LHuRJb1UrblIf3UbxNrf0dy3vFb+Yd94Yi6ahTxle8ahARo1MwUTAdBgNVHQ4E
FgQUBmBK5CNyMknM+6H84jRHz7gSt8AwHwYDVR0jBBgwFoAUBmBK5CNyMknM+6H8
4jRHz7gSt8AwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiAlUc99
9oeqEeNiwtxiWc8dQrxI53Ba85Qiw2IDJCEkLwIgWp0x9PjxyWy77l+Goj/jU1Pk
tuGDi2+c9Agc+5Flqi0=
-----END CERTIFICATE-----
`;

function newKey(passphrase?: string): string {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const cipher = passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase };
  return privateKey.export({ type: 'pkcs8', format: 'pem', ...cipher }).toString();
}

test('what is wrong with a certificate and its key is said in words, with what to do', (context) => {
  const folder = tempFolder(context);
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const cases: [cert: string, key: string, fault: string][] = [
    [
      certificate,
      newKey(),
      'the key does not belong to the certificate (CN=gateway.example). Give the two files that were made together.',
    ],
    [certificate, newKey('secret'), `the key in ${keyFile} has a passphrase. Give a key without one.`],
    [
      certificate,
      certificate,
      `${keyFile} has no private key in PEM form. Give the file that begins with -----BEGIN PRIVATE KEY-----.`,
    ],
    [
      newKey(),
      newKey(),
      `${certFile} has no certificate in PEM form. Give the file that begins with -----BEGIN CERTIFICATE-----.`,
    ],
    ['', '', `${certFile} has no certificate in PEM form. Give the file that begins with -----BEGIN CERTIFICATE-----.`],
  ];
  for (const [cert, key, fault] of cases) {
    writeFileSync(certFile, cert);
    writeFileSync(keyFile, key);
    assert.throws(() => readTls({ certFile, keyFile }), {
      exitCode: 78,
      message: `${certFile} and ${keyFile} cannot be used for TLS: ${fault}`,
    });
  }
});
