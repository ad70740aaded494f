import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseSubprotocol, type HandshakeOptions, type Hello, judgeHandshake, offeredIn } from './handshake.js';
import { claimedId, withoutSecrets } from './offeredCredentials.js';

const secret = `tgd_${'A'.repeat(43)}`;
const device = {
  key: 1,
  id: 'boiler-7',
  name: null,
  notes: null,
  model: null,
  tags: {},
  state: 'active' as const,
  createdAt: 0,
  attributes: {},
  credentials: [],
};
const credential = {
  cid: 'c',
  hash: new Uint8Array(32),
  createdAt: 0,
  notBefore: null,
  notAfter: null,
  lastUsedAt: null,
};
const found = { ok: true as const, device, credential };
const invalid = { ok: false as const, code: 'credentials_invalid' as const, why: 'secret_wrong' as const };
const options: HandshakeOptions = {
  authenticate: (id, text) => (id === 'boiler-7' && text === secret ? found : invalid),
  authenticateSecret: (text) => (text === secret ? found : invalid),
  authenticateSubject: (name) => (name === 'boiler-7' ? found : { ...invalid, why: 'device_unknown' }),
  unavailable: () => null,
};
const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;
const entry = (pair: string): string => `tidegate.auth.${Buffer.from(pair).toString('base64url')}`;
const hello: Hello = {
  pathId: null,
  query: '',
  upgrade: 'websocket',
  version: '13',
  key: 'dGhlIHNhbXBsZSBub25jZQ==',
  protocols: [],
  authorization: basic(`boiler-7:${secret}`),
  subject: '',
  agent: '',
};

function verdict(change: Partial<Hello>, more: Partial<HandshakeOptions> = {}): string {
  const handshake = judgeHandshake({ ...hello, ...change }, { ...options, ...more });
  return handshake.ok
    ? `${handshake.device.id} ${handshake.stream} ${handshake.subprotocol} ${handshake.encoding}`
    : handshake.code;
}

test('every way to give a credential is accepted', () => {
  const accepted = 'boiler-7 null null json';
  assert.equal(verdict({}), accepted);
  assert.equal(verdict({ authorization: hello.authorization.replace('Basic', 'basic') }), accepted);
  assert.equal(verdict({ authorization: `Bearer ${secret}` }), accepted);
  assert.equal(
    verdict({ authorization: '', protocols: offeredIn(`tidegate.v1.json, ${entry(`boiler-7:${secret}`)}`) }),
    'boiler-7 null tidegate.v1.json json',
  );
});

test('the first credential counts, even if a later one would be right', () => {
  assert.equal(
    verdict({
      authorization: basic('boiler-7:tgd_wrong'),
      protocols: offeredIn(`tidegate.v1.json,${entry(`boiler-7:${secret}`)}`),
    }),
    'credentials_invalid',
  );
});

test('an id in the path must be the id of the credential', () => {
  assert.equal(verdict({ pathId: 'boiler-7' }), 'boiler-7 null null json');
  assert.equal(verdict({ pathId: 'boiler-8' }), 'credentials_invalid');
  assert.equal(verdict({ pathId: 'boiler-8', authorization: `Bearer ${secret}` }), 'credentials_invalid');
});

test('missing credentials have their own code, and unreadable, unknown and wrong ones share one', () => {
  assert.equal(verdict({ authorization: '' }), 'credentials_missing');
  assert.equal(verdict({ authorization: '', protocols: offeredIn('tidegate.v1.json') }), 'credentials_missing');
  const wrong = [
    basic(`boiler-8:${secret}`),
    basic('boiler-7:x'),
    basic('no colon'),
    'Basic !!!',
    'Bearer x',
    'Digest a=b',
    'Basic',
  ];
  for (const authorization of wrong) assert.equal(verdict({ authorization }), 'credentials_invalid', authorization);
});

test('a secret in the query string is refused, whatever else the request has', () => {
  assert.equal(verdict({ query: `secret=${secret}` }), 'credentials_invalid');
  assert.equal(verdict({ query: `token=${secret}`, authorization: '' }), 'credentials_invalid');
  for (const escaped of [secret.replace('_', '%5F'), secret.replace('t', '%74'), `x%${secret}`])
    assert.equal(verdict({ query: `secret=${escaped}` }), 'credentials_invalid', escaped);
});

test('the first known subprotocol of the client is chosen, and a request without any known one is refused', () => {
  assert.equal(
    verdict({ protocols: offeredIn('mqtt, tidegate.v1.binary, tidegate.v1.json') }),
    'boiler-7 null tidegate.v1.binary binary',
  );
  assert.equal(verdict({ protocols: offeredIn('arduino') }), 'boiler-7 null arduino json');
  assert.equal(verdict({ protocols: offeredIn('mqtt') }), 'subprotocol_unsupported');
  assert.equal(
    verdict({ authorization: '', protocols: offeredIn(entry(`boiler-7:${secret}`)) }),
    'subprotocol_unsupported',
  );
  assert.equal(chooseSubprotocol([]), null);
  assert.equal(chooseSubprotocol(['toString']), undefined);
});

test('a stream name is accepted as it is, and an invalid one is refused', () => {
  assert.equal(verdict({ query: 'stream=main' }), 'boiler-7 main null json');
  for (const name of ['', 'a b', 'ä', 'x'.repeat(65), 'a/b'])
    assert.equal(verdict({ query: `stream=${encodeURIComponent(name)}` }), 'stream_invalid', name);
});

test('an upgrade that does not follow RFC 6455 is refused', () => {
  assert.equal(verdict({ upgrade: 'WebSocket' }), 'boiler-7 null null json');
  for (const change of [
    { upgrade: '' },
    { upgrade: 'h2c' },
    { version: '' },
    { version: '8' },
    { version: '13, 8' },
    { key: '' },
    { key: 'short' },
    { key: 'dGhlIHNhbXBsZSBub25jZQ' },
    { key: `${'!'.repeat(22)}==` },
  ]) {
    assert.equal(verdict(change), 'upgrade_required', JSON.stringify(change));
  }
});

test('an unavailable gateway refuses before it checks credentials', () => {
  let asked = 0;
  const ask = (): typeof invalid => {
    asked++;
    return invalid;
  };
  const count = { authenticate: ask, authenticateSecret: ask };
  for (const code of ['overloaded', 'storage_unavailable', 'clock_untrusted'] as const) {
    assert.equal(verdict({}, { ...count, unavailable: () => code }), code);
  }
  assert.equal(asked, 0);
});

test('the answer says that a device is disabled only if the secret is right', () => {
  const why = 'device_disabled' as const;
  const disabled = { authenticate: () => ({ ok: false as const, code: why, why }) };
  assert.equal(verdict({}, disabled), 'device_disabled');
  assert.equal(verdict({ authorization: basic('boiler-7:x') }, disabled), 'credentials_invalid');
});

test('the answer hides what is wrong with credentials, and the reason for operators names it', () => {
  const refusalOf = (change: Partial<Hello>) => {
    const handshake = judgeHandshake({ ...hello, ...change }, options);
    return handshake.ok ? assert.fail() : handshake;
  };
  const told = [
    refusalOf({ authorization: basic('boiler-7:x') }),
    refusalOf({ pathId: 'boiler-8' }),
    refusalOf({ authorization: basic(`boiler-7:tgd_${'B'.repeat(43)}`) }),
  ];
  assert.equal(new Set(told.map(({ detail }) => detail)).size, 1);
  assert.equal(new Set(told.map(({ why }) => why)).size, 3);
});

test('the claimed id is found in a request with any other mistake, and a secret in its place is not reported', () => {
  const cases: [string | null, string, string[], string | null][] = [
    [null, basic('boiler-7:short'), [], 'boiler-7'],
    [null, basic('boiler-7'), [], 'boiler-7'],
    [null, '', ['tidegate.v1.json', entry('boiler-7:x')], 'boiler-7'],
    ['boiler-8', `Bearer ${secret}`, [], 'boiler-8'],
    [null, `Bearer ${secret}`, [], null],
    [null, basic(`${secret}:boiler-7`), [], null],
    [null, basic(`x${secret}:boiler-7`), [], null],
    [secret, '', [], null],
    [null, basic('a b:x'), [], null],
    [null, basic(`${'x'.repeat(65)}:x`), [], null],
    [null, 'Basic !!!', [], null],
    [null, '', [], null],
  ];
  for (const [pathId, authorization, protocols, id] of cases)
    assert.equal(claimedId(pathId, authorization, protocols), id, `${pathId} ${authorization}`);
  assert.equal(withoutSecrets(`esp32 ${secret} tgk_x`), 'esp32 [secret] [secret]');
});
