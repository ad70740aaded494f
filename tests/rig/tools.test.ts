import assert from 'node:assert/strict';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { killPoints } from './killPoints.js';
import { startTcpProxy, type TcpProxy } from './tcpProxy.js';
import { maskedFrame, opcodes } from './wireClient.js';

/** A proxy in front of a server that sends back what it receives. */
interface EchoProxy {
  proxy: TcpProxy;
  open(): Promise<Socket>;
  /** The next chunk from the server. */
  next(socket: Socket): Promise<string>;
}

async function echoThroughProxy(context: TestContext): Promise<EchoProxy> {
  const server = createServer((socket) => socket.on('error', () => {}).pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy = await startTcpProxy((server.address() as AddressInfo).port);
  context.after(async () => {
    await proxy.close();
    server.close();
  });
  const open = async (): Promise<Socket> => {
    const socket = connect(proxy.port, '127.0.0.1');
    await new Promise<void>((resolve) => socket.once('connect', resolve));
    return socket;
  };
  const next = (socket: Socket): Promise<string> =>
    new Promise((resolve) => socket.once('data', (chunk) => resolve(String(chunk))));
  return { proxy, open, next };
}

test('the proxy forwards bytes in both directions', async (context) => {
  const { proxy, open, next } = await echoThroughProxy(context);
  const socket = await open();
  socket.write('hello');
  assert.equal(await next(socket), 'hello');
  assert.deepEqual([proxy.stats.bytesUp, proxy.stats.bytesDown], [5, 5]);
});

test('a black hole discards bytes without ending a connection, until it is lifted', async (context) => {
  const { proxy, open, next } = await echoThroughProxy(context);
  const socket = await open();
  proxy.blackHole(true);
  socket.write('lost');
  while (proxy.stats.bytesSwallowed < 4) await new Promise((resolve) => setImmediate(resolve));
  proxy.blackHole(false);
  socket.write('found');
  assert.equal(await next(socket), 'found');
});

test('a cut resets or closes all connections, and new ones work', async (context) => {
  const { proxy, open, next } = await echoThroughProxy(context);
  for (const how of ['reset', 'close'] as const) {
    const socket = await open();
    socket.write('x');
    await next(socket);
    const ended = new Promise<string>((resolve) => {
      socket.on('error', () => resolve('reset')).on('end', () => resolve('close'));
    });
    proxy.cut(how);
    assert.equal(await ended, how);
    socket.destroy();
  }
  const again = await open();
  again.write('y');
  assert.equal(await next(again), 'y');
});

test('a delay delays chunks and keeps their order', async (context) => {
  const { proxy, open } = await echoThroughProxy(context);
  const socket = await open();
  proxy.delay(30);
  const start = performance.now();
  let text = '';
  const done = new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      text += String(chunk);
      if (text.length === 3) resolve();
    });
  });
  for (const letter of 'abc') socket.write(letter);
  await done;
  assert.equal(text, 'abc');
  assert.ok(performance.now() - start >= 55);
});

test('kill points follow from the seed, and keep their distance', () => {
  const points = killPoints(1, 100, 50, 200);
  assert.deepEqual(points, killPoints(1, 100, 50, 200));
  assert.notDeepEqual(points, killPoints(2, 100, 50, 200));
  points.reduce((before, at) => {
    assert.ok(at - before >= 50 && at - before < 200);
    return at;
  }, 0);
});

test('masked frames have the header of RFC 6455 section 5.2', () => {
  assert.equal(maskedFrame(Buffer.from('Hi'), opcodes.text).toString('hex'), '8182000000004869');
  assert.equal(
    maskedFrame(Buffer.alloc(126), opcodes.binary, false).subarray(0, 8).toString('hex'),
    '02fe007e00000000',
  );
  assert.equal(
    maskedFrame(Buffer.alloc(65_536), opcodes.binary).subarray(0, 14).toString('hex'),
    '82ff000000000001000000000000',
  );
});
