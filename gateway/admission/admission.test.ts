import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commonName, createProxies } from '../net/proxies.js';
import { createAdmission, networkOf } from './admission.js';
import { createDeviceRates, type Metered } from './deviceRates.js';
import { createRamp } from './ramp.js';
import { createBuckets, TokenBucket } from './tokenBucket.js';

const count = (times: number, take: () => boolean): number =>
  Array.from({ length: times }, take).filter((taken) => taken).length;

const limits = { connectsPerSecond: 10, connectsBurst: 20, addressConnectsPerSecond: 5, addressConnectsBurst: 8 };

function admissionAt(change: Partial<typeof limits> = {}, trustedProxies: string[] = []) {
  let now = 1_000;
  const admission = createAdmission({
    config: { admission: { ...limits, ...change }, trustedProxies },
    now: () => now,
    random: () => 0.5,
    devices: () => 1_000,
  });
  return {
    ...admission,
    pass: (ms: number): void => {
      now += ms;
    },
  };
}

test('a bucket gives its burst, then its rate, and never more than its burst', () => {
  const bucket = new TokenBucket({ perSecond: 10, burst: 5 }, 0);
  assert.equal(
    count(100, () => bucket.take(0)),
    5,
  );
  assert.equal(
    count(100, () => bucket.take(300)),
    3,
  );
  assert.equal(
    count(100, () => bucket.take(1e9)),
    5,
  );
  // A clock that goes back neither fills nor empties the bucket.
  assert.equal(bucket.take(0), false);
});

test('the number of buckets by key is bounded, and a key that is used often keeps its bucket', () => {
  const buckets = createBuckets({ perSecond: 0.001, burst: 1 }, 100);
  assert.equal(buckets.take('steady', 0), true);
  for (let n = 0; n < 10_000; n++) {
    buckets.take(`k${n}`, 0);
    if (n % 50 === 0) assert.equal(buckets.take('steady', 0), false);
  }
  assert.equal(buckets.size(), 100);
});

test('upgrades are limited per address and in total, and connections at twice the limit of upgrades per address', () => {
  const { handshake, connection, pass } = admissionAt();
  assert.equal(
    count(100, () => handshake('10.0.0.1')),
    8,
  );
  assert.equal(
    count(100, () => handshake('10.0.0.2')),
    8,
  );
  assert.equal(
    count(100, () => handshake('10.0.0.3')),
    4,
  );
  assert.equal(
    count(100, () => connection('10.0.0.1')),
    16,
  );
  pass(1_000);
  assert.equal(
    count(100, () => handshake('10.0.0.1')),
    5,
  );
});

test('a trusted proxy is not limited per address, but the addresses behind it are', () => {
  const { connection, handshake } = admissionAt({ connectsBurst: 1_000 }, ['10.9.0.0/16']);
  assert.equal(
    count(100, () => connection('10.9.0.1')),
    100,
  );
  assert.equal(
    count(100, () => handshake('203.0.113.7')),
    8,
  );
});

test('new limits apply as soon as they are set', () => {
  const { handshake, configure } = admissionAt();
  count(100, () => handshake('10.0.0.1'));
  configure({ admission: { ...limits, addressConnectsBurst: 50, connectsBurst: 40 }, trustedProxies: [] });
  assert.equal(
    count(100, () => handshake('10.0.0.1')),
    40,
  );
});

test('failed attempts are limited per address and per address and device id, and are forgiven over time', () => {
  const { tooManyFailures, pass } = admissionAt();
  const failures = (address: string, id: string | null): number => count(200, () => !tooManyFailures(address, id));
  assert.equal(failures('10.0.0.1', 'a'), 5);
  assert.equal(tooManyFailures('10.0.0.2', 'a'), false);
  // A client that guesses many ids reaches the limit of its address.
  let told = 0;
  for (let n = 0; n < 500; n++) if (!tooManyFailures('10.0.0.3', `d${n}`)) told++;
  assert.equal(told, 60);
  pass(3_600_000);
  assert.equal(tooManyFailures('10.0.0.1', 'a'), false);
});

test('the ramp spreads reconnects at the gateway’s rate, adds up to a second at random, and ends when every link has its place', () => {
  let random = 0;
  const ramp = createRamp({ perSecond: () => 100, random: () => random });
  const seconds = Array.from({ length: 1_000 }, () => ramp.seconds(0, 5_000));
  assert.deepEqual([seconds[0], seconds[98], seconds[99], seconds[999]], [1, 1, 2, 11]);
  const perSecond = seconds.filter((one) => one === 5).length;
  assert.equal(perSecond, 100);
  for (let n = 0; n < 100_000; n++) ramp.seconds(0, 5_000);
  assert.ok(ramp.seconds(0, 5_000) <= 52);
  random = 0.999;
  assert.equal(ramp.seconds(1e6, 1), 2);
});

test('a client that fails too often gets a Retry-After of a minute', () => {
  const { retryAfterSeconds } = admissionAt();
  assert.equal(retryAfterSeconds('too_many_attempts'), 60);
  assert.ok(retryAfterSeconds('overloaded') < 5);
});

test('an IPv6 network counts as one address', () => {
  const cases: [string, string][] = [
    ['10.0.0.1', '10.0.0.1'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8:1:2::', '2001:db8:1:2'],
    ['::1', '0:0:0:0'],
    ['::', '0:0:0:0'],
  ];
  for (const [address, network] of cases) assert.equal(networkOf(address), network, address);
});

test('a forwarded address counts only if a trusted proxy sent it, and the list is read from its end', () => {
  const { addressBehind, trusts } = createProxies(['10.0.0.0/8', '192.168.1.5', 'fd00::/8']);
  const cases: [string, string, string][] = [
    ['203.0.113.1', '1.2.3.4', '203.0.113.1'],
    ['10.0.0.1', '', '10.0.0.1'],
    ['10.0.0.1', '1.2.3.4', '1.2.3.4'],
    ['10.0.0.1', '6.6.6.6, 1.2.3.4', '1.2.3.4'],
    ['10.0.0.1', '1.2.3.4, 192.168.1.5', '1.2.3.4'],
    ['10.0.0.1', '1.2.3.4:5678', '1.2.3.4'],
    ['10.0.0.1', '[2001:db8::7]:443', '2001:db8::7'],
    ['10.0.0.1', '::ffff:1.2.3.4', '1.2.3.4'],
    ['10.0.0.1', '1.2.3.4, ::FFFF:192.168.1.5', '1.2.3.4'],
    ['10.0.0.1', '[::ffff:1.2.3.4]:443', '1.2.3.4'],
    ['10.0.0.1', '::ffff:1.2.3', '10.0.0.1'],
    ['10.0.0.1', '1.2.3.4, nonsense', '10.0.0.1'],
    ['10.0.0.1', 'unknown', '10.0.0.1'],
    ['fd00::1', '1.2.3.4', '1.2.3.4'],
    ['192.168.1.6', '1.2.3.4', '192.168.1.6'],
  ];
  for (const [peer, header, address] of cases) assert.equal(addressBehind(peer, header), address, `${peer} ${header}`);
  assert.deepEqual([trusts('10.255.0.1'), trusts('11.0.0.1'), trusts(''), trusts('x')], [true, false, false, false]);
  for (const bad of ['', 'proxy', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/-1', 'fd00::/129', '10.0.0'])
    assert.throws(() => createProxies([bad]), /neither an address/, bad);
});

test('a common name is used only if it is unambiguous', () => {
  const cases: [string, string | null][] = [
    ['CN=boiler-7,O=Acme', 'boiler-7'],
    ['O=Acme, cn = boiler-7', 'boiler-7'],
    ['boiler-7', 'boiler-7'],
    ['O=Acme', null],
    ['CN=a,CN=b', null],
    ['O=x\\,CN=boiler-8,CN=boiler-7', null],
    ['O="x,CN=boiler-8"', null],
    ['CN=a+OU=b', null],
    ['', null],
  ];
  for (const [subject, name] of cases) assert.equal(commonName(subject), name, subject);
});

const device = { framesPerSecond: 0, readingsPerSecond: 0, bytesPerSecond: 0, burstSeconds: 10 };

function ratesWith(ofModel: (model: string | null) => Partial<typeof device>) {
  let now = 0;
  const rates = createDeviceRates({ now: () => now, limitsOf: (model) => ({ ...device, ...ofModel(model) }) });
  rates.configure(['fast', 'slow']);
  return {
    ...rates,
    pass: (ms: number): void => {
      now += ms;
    },
  };
}

const sourceOf = (model: string | null): Metered => ({ meter: null, device: { model } });

test('a device without limits has no meter', () => {
  const { admit } = ratesWith(() => ({}));
  const source = sourceOf(null);
  for (let n = 0; n < 1_000; n++) assert.equal(admit(source, 1e9), 0);
  assert.equal(source.meter, null);
});

test('a device may send its burst of frames, bytes and readings, and beyond it gets the time to wait in ms', () => {
  const { admit, pass } = ratesWith((model) =>
    model === 'slow' ? { framesPerSecond: 1, burstSeconds: 2 } : { bytesPerSecond: 100, readingsPerSecond: 1_000 },
  );
  const slow = sourceOf('slow');
  assert.deepEqual([admit(slow, 1), admit(slow, 1), admit(slow, 1)], [0, 0, 1_000]);
  pass(1_000);
  assert.deepEqual([admit(slow, 1), admit(slow, 1)], [0, 1_000]);
  const fast = sourceOf('fast');
  assert.equal(admit(fast, 2_000), 0);
  assert.equal(admit(fast, 1), 10_010);
  pass(20_000);
  assert.equal(admit(fast, 1), 0);
  fast.meter?.chargeReadings(11_000);
  assert.equal(Math.ceil(admit(fast, 1)), 1_001);
});

test('new limits apply to devices that already have a meter', () => {
  let framesPerSecond = 1;
  const { admit, configure } = ratesWith(() => ({ framesPerSecond, burstSeconds: 1 }));
  const source = sourceOf(null);
  assert.ok(admit(source, 1) === 0 && admit(source, 1) > 0);
  framesPerSecond = 0;
  configure([]);
  assert.equal(admit(source, 1), 0);
});
