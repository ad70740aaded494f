import assert from 'node:assert/strict';
import { test } from 'node:test';
import { addressText, urlHost } from './address.js';

const bytesOf = (hex: string): ArrayBuffer => Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex')).buffer;

test('addresses are printed in the form of RFC 5952, and IPv4 in IPv6 as IPv4', () => {
  const cases: [string, string][] = [
    ['7f000001', '127.0.0.1'],
    ['00000000 00000000 0000ffff 0a000105', '10.0.1.5'],
    ['00000000 00000000 00000000 00000001', '::1'],
    ['00000000 00000000 00000000 00000000', '::'],
    ['20010db8 00000000 00000000 00000001', '2001:db8::1'],
    ['20010db8 00000000 00010000 00000001', '2001:db8::1:0:0:1'],
    ['20010db8 00000001 00010001 00010001', '2001:db8:0:1:1:1:1:1'],
    ['fe800000 00000000 00000000 00000000', 'fe80::'],
    ['', ''],
    ['7f0000', ''],
  ];
  for (const [hex, text] of cases) assert.equal(addressText(bytesOf(hex)), text, hex);
});

test('a printed URL has an address that can be reached, and IPv6 in brackets', () => {
  const cases: [string, string][] = [
    ['0.0.0.0', '127.0.0.1'],
    ['::', '127.0.0.1'],
    ['::1', '[::1]'],
    ['2001:db8::7', '[2001:db8::7]'],
    ['10.0.1.5', '10.0.1.5'],
    ['gateway.example', 'gateway.example'],
  ];
  for (const [host, inUrl] of cases) {
    assert.equal(urlHost(host), inUrl, host);
    assert.ok(URL.canParse(`http://${urlHost(host)}:8080`), host);
  }
});
