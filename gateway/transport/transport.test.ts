import assert from 'node:assert/strict';
import { Agent, createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { describe, test as nodeTest, type TestContext } from 'node:test';
import { maskedFrame, opcodes, openWireClient } from '../../tests/rig/wireClient.js';
import { chooseTransport } from './choose.js';
import type { Answer, Ending, PortOptions, Request, Response, Sent, Socket, Transport } from './transport.js';

/** What a WebSocket of the tests belongs to: everything that the transport reported of it. */
interface Held {
  socket: Socket | null;
  messages: [text: string, isBinary: boolean][];
  pings: number;
  pongs: number;
  drained: number;
  endings: Ending[];
}

const newHeld = (): Held => ({ socket: null, messages: [], pings: 0, pongs: 0, drained: 0, endings: [] });

interface Opened {
  port: number;
  /** Every WebSocket that was opened. */
  held: Held[];
  /** Resolves when `condition` is met after an event. */
  until(condition: () => boolean): Promise<void>;
  close(): void;
}

interface Change extends Partial<Omit<PortOptions<Held>, 'sockets'>> {
  sockets?: Partial<PortOptions<Held>['sockets']>;
}

/** Opens a port that accepts every handshake on /socket and answers every other request with 404. */
async function openPort(
  context: TestContext,
  transport: Transport,
  { sockets, ...change }: Change = {},
): Promise<Opened> {
  const held: Held[] = [];
  let wake = (): void => {};
  const noted =
    <Args extends unknown[]>(note: (...args: Args) => void) =>
    (...args: Args): void => {
      note(...args);
      wake();
    };
  const port = await transport.open<Held>({
    host: '127.0.0.1',
    port: 0,
    request: (_, response) => response.answer({ status: 404, headers: { 'X-Test': '1' }, body: 'none' }),
    ...change,
    sockets: {
      isPath: (path) => path === '/socket',
      messageBytesMax: 1_000,
      queuedBytesMax: 100_000,
      silenceSeconds: 0,
      pings: false,
      upgrade: () => ({
        held: newHeld(),
        subprotocol: '',
      }),
      opened: noted((one, socket) => {
        one.socket = socket;
        held.push(one);
      }),
      message: noted((one, message, isBinary) => one.messages.push([Buffer.from(message).toString(), isBinary])),
      ping: noted((one) => one.pings++),
      pong: noted((one) => one.pongs++),
      drained: noted((one) => one.drained++),
      closed: noted((one, ending) => one.endings.push(ending)),
      ...sockets,
    },
  });
  context.after(() => port.close());
  return {
    port: port.port,
    held,
    close: port.close,
    async until(condition) {
      while (!condition())
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
    },
  };
}

/** Sends bytes on a connection of its own, and returns everything that comes back until it ends. */
async function exchange(port: number, text: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(text);
  let got = '';
  socket.on('data', (chunk) => {
    got += chunk.toString('latin1');
  });
  await new Promise((resolve) => socket.on('close', resolve));
  return got;
}

const requestText = (method: string, path: string, headers: string[] = [], body = ''): string =>
  [`${method} ${path} HTTP/1.1`, 'Host: x', ...headers, '', body].join('\r\n');

const closing: Partial<Answer> = { closes: true };

const url = (port: number, path: string): string => `http://127.0.0.1:${port}${path}`;

/** `missing` is why there is no such transport on this machine, or null. Then its tests are skipped, and counted. */
function describeTransport(transport: Transport, missing: string | null): void {
  const test = (name: string, run: (context: TestContext) => Promise<void>): void =>
    void nodeTest(name, { skip: missing ?? false }, run);
  const open = (context: TestContext, change?: Change): Promise<Opened> => openPort(context, transport, change);

  test('a port that another socket has is refused with 69, and so is its own for a second time', async (context) => {
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.on('listening', resolve));
    context.after(() => other.close());
    const taken = (other.address() as AddressInfo).port;
    await assert.rejects(open(context, { port: taken }), { exitCode: 69 });
    const { port } = await open(context);
    await assert.rejects(open(context, { port }), { exitCode: 69 });
  });

  test('a request whose length is ambiguous is refused, and nothing after it on the connection is read', async (context) => {
    const asked: string[] = [];
    const { port } = await open(context, {
      request(request, response) {
        asked.push(`${request.method} ${request.path}`);
        response.readBody(1_000, () => response.answer({ status: 204, headers: {}, body: null }));
      },
    });
    const ambiguous: [what: string, headers: string[], body: string][] = [
      ['both', ['Content-Length: 4', 'Transfer-Encoding: chunked'], '0\r\n\r\n'],
      ['both, the other way round', ['Transfer-Encoding: chunked', 'Content-Length: 4'], '0\r\n\r\n'],
      ['two lengths', ['Content-Length: 0', 'Content-Length: 5'], 'hello'],
      ['the same length twice', ['Content-Length: 5', 'Content-Length: 5'], 'hello'],
      ['a list of lengths', ['Content-Length: 5, 5'], 'hello'],
      ['a sign', ['Content-Length: +5'], 'hello'],
      ['a hexadecimal length', ['Content-Length: 0x5'], 'hello'],
      ['a negative length', ['Content-Length: -1'], 'hello'],
      ['no number', ['Content-Length: five'], 'hello'],
      ['an empty length', ['Content-Length:'], ''],
      ['a length beyond every number', ['Content-Length: 99999999999999999999'], 'hello'],
      ['another coding', ['Transfer-Encoding: identity'], 'hello'],
      ['a coding after chunked', ['Transfer-Encoding: chunked, gzip'], '0\r\n\r\n'],
      ['a misspelt coding', ['Transfer-Encoding: xchunked'], '0\r\n\r\n'],
      ['two codings', ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'], '0\r\n\r\n'],
    ];
    for (const [what, headers, body] of ambiguous) {
      for (const upgrade of [[], ['Connection: Upgrade', 'Upgrade: websocket']]) {
        const got = await exchange(
          port,
          requestText('POST', '/first', [...headers, ...upgrade], body) +
            requestText('GET', '/second', ['Connection: close']),
        );
        const where = `${what}${upgrade.length > 0 ? ', with an Upgrade header' : ''}: ${got}`;
        // A library may refuse the request before the gateway sees it, or end the connection at the one after it.
        assert.deepEqual(new Set(got.match(/HTTP\/1.1 [0-9]+/g) ?? ['HTTP/1.1 400']), new Set(['HTTP/1.1 400']), where);
        assert.deepEqual(asked, [], where);
      }
    }
    const plain = await exchange(
      port,
      requestText('POST', '/first', ['Content-Length: 5', 'Connection: close'], 'hello'),
    );
    assert.match(plain, /^HTTP\/1.1 204 /);
    const chunked = ['Transfer-Encoding: Chunked', 'Connection: close'];
    assert.match(
      await exchange(port, requestText('POST', '/first', chunked, '5\r\nhello\r\n0\r\n\r\n')),
      /^HTTP\/1.1 204 /,
    );
  });

  test('an address that this machine does not have is another fault than a port that is taken', async (context) => {
    // RFC 5737: no machine has this address.
    await assert.rejects(open(context, { host: '192.0.2.1' }), {
      exitCode: 69,
      of: 'host',
      message: 'This machine has no address 192.0.2.1.',
    });
  });

  test('a certificate that cannot be read is refused with 78', async (context) => {
    const tls = { certFile: '/none/cert.pem', keyFile: '/none/key.pem' };
    await assert.rejects(open(context, { tls }), { exitCode: 78 });
  });

  test('a connection that is not admitted is closed before anything is read', async (context) => {
    const peers: string[] = [];
    const { port } = await open(context, {
      admit(peer) {
        peers.push(peer);
        return peers.length > 1;
      },
    });
    assert.equal(await exchange(port, requestText('GET', '/')), '');
    assert.equal((await fetch(url(port, '/'))).status, 404);
    assert.deepEqual(peers, ['127.0.0.1', '127.0.0.1']);
  });

  test('a request is passed on as it was sent, and repeated fields as one list', async (context) => {
    const seen: unknown[] = [];
    const { port } = await open(context, {
      request(request, response) {
        const { method, path, query, peer } = request;
        seen.push([method, path, query, peer, request.header('x-a'), request.list('x-a'), request.header('x-b')]);
        response.answer({ status: 200, headers: {}, body: null, ...closing });
      },
    });
    const head = await exchange(port, requestText('PATCH', '/a%20b/?x=1&y=%3f?', ['X-A: 1', 'x-a: 2, 3']));
    assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
    assert.deepEqual(seen, [['PATCH', '/a%20b/', 'x=1&y=%3f?', '127.0.0.1', '1', '1, 2, 3', '']]);
  });

  test('an answer has its status, headers and length, and its connection stays unless it closes', async (context) => {
    const { port } = await open(context, {
      request: (_, response) =>
        response.answer({
          status: 418,
          headers: { 'X-A': 'b' },
          body: 'täg',
          ...closing,
        }),
    });
    const text = await exchange(port, requestText('GET', '/'));
    assert.match(text, /^HTTP\/1\.1 418 I'm a Teapot\r\n/i);
    assert.match(text, /\r\nX-A: b\r\n/);
    assert.match(text, /\r\nContent-Length: 4\r\n/i);
    assert.ok(text.endsWith(Buffer.from('täg').toString('latin1')));
  });

  test('HEAD is answered like GET, with the length and without the body', async (context) => {
    const { port } = await open(context, {
      request({ method, path }, response) {
        if (path === '/whole')
          return response.answer({ status: 200, headers: {}, body: 'täg', closes: method === 'GET' });
        response.begin(200, { 'X-A': 'b' });
        response.write('piece');
        response.end();
      },
    });
    // One connection for all of them, so that a body in the wrong place would be seen.
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    context.after(() => agent.destroy());
    const ask = (method: string, path: string): Promise<[IncomingMessage, string]> =>
      new Promise((resolve, reject) => {
        const asked = httpRequest({ host: '127.0.0.1', port, method, path, agent }, (answer) => {
          let body = '';
          answer.on('data', (chunk: Buffer) => {
            body += chunk.toString();
          });
          answer.on('end', () => resolve([answer, body]));
        });
        asked.on('error', reject).end();
      });
    const [whole] = await ask('HEAD', '/whole');
    assert.deepEqual([whole.statusCode, whole.headers['content-length']], [200, '4']);
    const [pieces] = await ask('HEAD', '/pieces');
    assert.deepEqual([pieces.statusCode, pieces.headers['x-a']], [200, 'b']);
    assert.equal((await ask('GET', '/whole'))[1], 'täg');
  });

  test('a client that asks again and again and reads nothing does not make answers pile up', async (context) => {
    const requests = 500;
    const body = Buffer.alloc(1_000_000);
    let asked = 0;
    let wake = (): void => {};
    const { port } = await open(context, {
      request(_, response) {
        asked += 1;
        response.answer({ status: 200, headers: {}, body });
        wake();
      },
    });
    const socket = connect(port, '127.0.0.1');
    socket.pause();
    socket.on('error', () => {});
    context.after(() => socket.destroy());
    socket.write(requestText('GET', '/').repeat(requests));
    while (asked === 0)
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    // Another client is served, whose request came after all of them.
    assert.equal((await fetch(url(port, '/'))).status, 200);
    assert.ok(asked < requests / 2, `${asked} of ${requests} were answered`);
  });

  test('two requests on one connection are answered one after the other', async (context) => {
    const { port } = await open(context, {
      request: ({ path }, response) =>
        response.answer({ status: 200, headers: {}, body: path, closes: path === '/second' }),
    });
    const text = await exchange(port, requestText('GET', '/first') + requestText('GET', '/second'));
    assert.ok(text.indexOf('/first') < text.indexOf('/second'), text);
    assert.equal(text.match(/HTTP\/1\.1 200/g)?.length, 2);
  });

  test('a body is collected, and one over the limit is reported once', async (context) => {
    const bodies: (string | null)[] = [];
    const { port } = await open(context, {
      request: (_, response) =>
        response.readBody(10, (body) => {
          bodies.push(body === null ? null : body.toString());
          response.answer({ status: body === null ? 413 : 200, headers: {}, body: null, ...closing });
        }),
    });
    const lengths = (body: string): string[] => [`Content-Length: ${body.length}`];
    assert.match(await exchange(port, requestText('POST', '/', lengths('0123456789'), '0123456789')), / 200 /);
    assert.match(await exchange(port, requestText('POST', '/', lengths(''), '')), / 200 /);
    const chunked = '4\r\nabcd\r\n3\r\nefg\r\n0\r\n\r\n';
    assert.match(await exchange(port, requestText('POST', '/', ['Transfer-Encoding: chunked'], chunked)), / 200 /);
    const long = 'x'.repeat(11);
    assert.match(await exchange(port, requestText('POST', '/', lengths(long), long)), / 413 /);
    assert.deepEqual(bodies, ['0123456789', '', 'abcdefg', null]);
  });

  test('an answer in pieces waits for a slow client, and is whole', async (context) => {
    const pieces = 200;
    const piece = Buffer.alloc(50_000, 'x');
    let waits = 0;
    const answered = (async (response: Response): Promise<void> => {
      response.begin(200, { 'X-A': 'b' });
      for (let n = 0; n < pieces && !response.gone; n++) {
        if (response.write(piece)) continue;
        waits++;
        await response.writable();
      }
      response.end();
    }) satisfies (response: Response) => Promise<void>;
    const { port } = await open(context, { request: (_, response) => void answered(response) });
    const answer = await fetch(url(port, '/'));
    assert.equal(answer.headers.get('x-a'), 'b');
    let bytes = 0;
    for await (const chunk of answer.body ?? []) bytes += (chunk as Uint8Array).length;
    assert.equal(bytes, pieces * piece.length);
    assert.ok(waits > 0);
  });

  test('an answer that is aborted is seen as not whole', async (context) => {
    const { port } = await open(context, {
      request(_, response) {
        response.begin(200, {});
        response.write('part');
        response.abort();
      },
    });
    const text = await exchange(port, requestText('GET', '/'));
    assert.ok(!text.endsWith('0\r\n\r\n'), text);
  });

  test('a client that leaves makes its response gone, and using it does nothing', async (context) => {
    let left = (_: Response): void => {};
    const response = await new Promise<Response>((resolve) => {
      void open(context, {
        request(_, one) {
          one.begin(200, {});
          const socketGone = new Promise<Response>((done) => {
            left = done;
          });
          void socketGone.then(resolve);
          const poll = (): void => void (one.gone ? left(one) : setImmediate(poll));
          poll();
        },
      }).then(({ port }) => {
        const socket = connect(port, '127.0.0.1');
        socket.write(requestText('GET', '/'));
        socket.once('data', () => socket.destroy());
      });
    });
    assert.equal(response.gone, true);
    response.write('x');
    response.end();
    response.abort();
    await response.writable();
  });

  test('a handshake is accepted with the chosen subprotocol, whatever else the offer has', async (context) => {
    const asked: string[] = [];
    const { port, held } = await open(context, {
      sockets: {
        upgrade(request) {
          asked.push(request.list('sec-websocket-protocol'));
          return {
            held: newHeld(),
            subprotocol: 'b',
          };
        },
      },
    });
    const offers = [['a, b'], ['b', 'b'], ['a,,b, a']];
    for (const offer of offers) {
      const client = await openWireClient(
        port,
        offer.map((one) => `Sec-WebSocket-Protocol: ${one}`),
        '/socket',
      );
      assert.match(client.head, /^HTTP\/1\.1 101 /);
      assert.match(client.head, /sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=/i);
      assert.match(client.head, /sec-websocket-protocol: b(\r\n|$)/i);
      client.end();
    }
    assert.deepEqual(asked, ['a, b', 'b, b', 'a,,b, a']);
    assert.equal(held.length, 3);
  });

  test('a handshake that is refused, and one for another path, get an answer, and the connection ends', async (context) => {
    const { port, held } = await open(context, {
      sockets: { upgrade: () => ({ status: 401, headers: { 'X-A': 'b' }, body: 'no' }) },
    });
    const refused = await openWireClient(port, [], '/socket');
    assert.match(refused.head, /^HTTP\/1\.1 401 Unauthorized\r\n/);
    assert.match(refused.head, /X-A: b/);
    const elsewhere = await openWireClient(port, ['Connection: close'], '/other');
    assert.match(elsewhere.head, /^HTTP\/1\.1 404 /);
    elsewhere.end();
    refused.end();
    assert.equal(held.length, 0);
  });

  test('a request with another Upgrade is answered as a plain one', async (context) => {
    const { port } = await open(context, {
      request: ({ method, path }, response) =>
        response.answer({ status: 200, headers: {}, body: `${method} ${path}`, ...closing }),
    });
    const text = await exchange(port, requestText('GET', '/x', ['Connection: Upgrade', 'Upgrade: h2c']));
    assert.ok(text.endsWith('GET /x'), text);
  });

  test('messages arrive with their kind, and in one piece if they were fragments', async (context) => {
    const { port, held, until } = await open(context);
    const client = await openWireClient(port, [], '/socket');
    client.send('text');
    client.send(Uint8Array.of(98, 105));
    client.send('fr', opcodes.text, false);
    client.send('', opcodes.ping);
    client.send('agment', opcodes.continuation, true);
    await until(() => held[0]?.messages.length === 3);
    assert.deepEqual(held[0].messages, [
      ['text', false],
      ['bi', true],
      ['fragment', false],
    ]);
    assert.equal(held[0].pings, 1);
    client.end();
  });

  test('what is sent arrives in order, also if its bytes are overwritten afterwards', async (context) => {
    const { port, held, until } = await open(context);
    const client = await openWireClient(port, [], '/socket');
    await until(() => held.length === 1);
    const [{ socket }] = held;
    const scratch = new Uint8Array(4);
    socket?.together(() => {
      for (let n = 0; n < 3; n++) {
        scratch.fill(n);
        socket.send(scratch);
      }
      socket.send('end');
    });
    scratch.fill(9);
    const got = [await client.next(), await client.next(), await client.next(), await client.next()];
    assert.deepEqual(
      got.map((frame) => [frame?.opcode, frame?.payload.toString('hex')]),
      [
        [2, '00000000'],
        [2, '01010101'],
        [2, '02020202'],
        [1, '656e64'],
      ],
    );
    client.end();
  });

  test('text of any script arrives as UTF-8', async (context) => {
    const { port, held } = await open(context);
    const client = await openWireClient(port, [], '/socket');
    for (const text of ['21 °C', 'naïve', 'Größe', '温度', '🌡', 'ÿ'.repeat(300)]) {
      held[0].socket?.send(text);
      assert.deepEqual((await client.next())?.payload, Buffer.from(text));
    }
    client.end();
  });

  test('pings of either side are answered', async (context) => {
    const { port, held, until } = await open(context);
    const client = await openWireClient(port, [], '/socket');
    client.send('abc', opcodes.ping);
    const pong = await client.next();
    assert.deepEqual([pong?.opcode, pong?.payload.toString()], [opcodes.pong, 'abc']);
    held[0].socket?.ping();
    assert.equal((await client.next())?.opcode, opcodes.ping);
    client.send('', opcodes.pong);
    await until(() => held[0].pongs === 1);
    client.end();
  });

  test('100 pings in one write are all reported', async (context) => {
    const { port, held, until } = await open(context);
    const client = await openWireClient(port, [], '/socket');
    client.raw(Buffer.concat(Array.from({ length: 100 }, () => maskedFrame(Buffer.alloc(0), opcodes.ping))));
    await until(() => held[0]?.pings === 100);
    assert.deepEqual(held[0].endings, []);
    client.end();
  });

  test('a peer that does not read: messages are queued up to the bound, then dropped, and it is told when they have drained', async (context) => {
    const { port, held, until } = await open(context, { sockets: { queuedBytesMax: 1_000_000 } });
    const client = await openWireClient(port, [], '/socket');
    client.socket.pause();
    await until(() => held.length === 1);
    const socket = held[0].socket as Socket;
    const message = Buffer.alloc(60_000);
    const outcomes: Sent[] = [];
    while (outcomes.at(-1) !== 'dropped' && outcomes.length < 1_000) outcomes.push(socket.send(message));
    assert.equal(outcomes.at(-1), 'dropped', `${outcomes.length} messages of 60,000 bytes were taken`);
    assert.ok(outcomes.includes('queued'));
    const queued = socket.queuedBytes();
    assert.ok(queued > 1_000_000 && queued < 1_200_000, `${queued} bytes`);
    client.socket.resume();
    await until(() => held[0].drained > 0 && socket.queuedBytes() === 0);
    assert.equal(socket.send('again'), 'sent');
    client.end();
  });

  test('the end of a link has the code and the reason of the side that closed it first', async (context) => {
    const { port, held, until } = await open(context);
    const ours = await openWireClient(port, [], '/socket');
    await until(() => held.length === 1);
    held[0].socket?.end(4001, 'overloaded');
    assert.deepEqual(held[0].endings, [{ code: 4001, reason: 'overloaded', cut: null }]);
    assert.equal(await ours.untilEnd(), 4001);
    const theirs = await openWireClient(port, [], '/socket');
    theirs.send(Buffer.concat([Buffer.from([0x03, 0xe9]), Buffer.from('sleep')]), opcodes.close);
    assert.equal(await theirs.untilEnd(), 1001);
    await until(() => held[1].endings.length === 1);
    assert.deepEqual(held[1].endings, [{ code: 1001, reason: 'sleep', cut: null }]);
    const lost = await openWireClient(port, [], '/socket');
    await until(() => held.length === 3);
    lost.end();
    await until(() => held[2].endings.length === 1);
    assert.deepEqual(held[2].endings, [{ code: 1006, reason: '', cut: null }]);
  });

  test('a link that breaks the protocol is cut with the cause', async (context) => {
    const { port, held, until } = await open(context);
    // uWebSockets.js does not say that it cut a link for another breach.
    const other = transport.name === 'uws' ? null : 'protocol_error';
    const cases: [Buffer, Ending['cut']][] = [
      [maskedFrame(Buffer.alloc(1_001), opcodes.binary), 'message_too_large'],
      [maskedFrame(Buffer.from([0xff, 0xfe]), opcodes.text), 'invalid_utf8'],
      [Buffer.from([0x83, 0x80, 0, 0, 0, 0]), other],
      [Buffer.from([0xc1, 0x80, 0, 0, 0, 0]), other],
    ];
    for (const [index, [bytes, cut]] of cases.entries()) {
      const client = await openWireClient(port, [], '/socket');
      client.raw(bytes);
      await client.untilEnd();
      await until(() => held[index].endings.length === 1);
      assert.deepEqual(held[index].endings, [{ code: 1006, reason: '', cut }]);
      assert.deepEqual(held[index].messages, []);
    }
  });

  test('a silent link is cut, one that answers pings stays', async (context) => {
    const { port, held, until } = await open(context, { sockets: { silenceSeconds: 8, pings: true } });
    const silent = await openWireClient(port, [], '/socket');
    const alive = await openWireClient(port, [], '/socket');
    await until(() => held.length === 2);
    void (async () => {
      for (let got = await alive.next(); got !== null; got = await alive.next())
        if (got.opcode === opcodes.ping) alive.send(got.payload, opcodes.pong);
    })();
    await until(() => held[0].endings.length === 1 && held[1].pongs > 0);
    assert.deepEqual(held[0].endings, [{ code: 1006, reason: '', cut: 'silent' }]);
    assert.deepEqual(held[1].endings, []);
    silent.end();
    alive.end();
  });

  test('a port that is closed does not wait for a peer that does not answer its Close', async (context) => {
    const { port, held, close } = await open(context);
    const peer = await openWireClient(port, [], '/socket');
    held[0].socket?.end(1001, 'stopping');
    assert.equal((await peer.next())?.opcode, opcodes.close);
    const closedAt = performance.now();
    close();
    await peer.untilEnd();
    // A peer has 10 s to answer while the port is open.
    assert.ok(performance.now() - closedAt < 5_000);
  });

  test('a port that is closed ends all its links, and reports each once', async (context) => {
    const port = await transport.open<Held>({
      host: '127.0.0.1',
      port: 0,
      request: (_: Request, response) => response.answer({ status: 404, headers: {}, body: null }),
      sockets: {
        isPath: () => true,
        messageBytesMax: 100,
        queuedBytesMax: 100,
        silenceSeconds: 0,
        pings: false,
        upgrade: () => ({
          held: newHeld(),
          subprotocol: '',
        }),
        opened: (held) => all.push(held),
        message: () => {},
        closed: (held, ending) => held.endings.push(ending),
      },
    });
    context.after(() => port.close());
    const all: Held[] = [];
    const clients = [await openWireClient(port.port, []), await openWireClient(port.port, [])];
    port.stopListening();
    clients[0].send('x');
    port.close();
    for (const client of clients) assert.equal(await client.untilEnd(), null);
    assert.deepEqual(
      all.map(({ endings }) => endings.map(({ code }) => code)),
      [[1006], [1006]],
    );
  });
}

describe('both transports', { concurrency: true }, async () => {
  for (const name of ['uws', 'ws'] as const) {
    const found = await chooseTransport(name).catch((error: Error) => error);
    const transport = found instanceof Error ? ({ name } as Transport) : found.transport;
    const missing = found instanceof Error ? found.message : null;
    describe(`transport ${name}`, { concurrency: true }, () => describeTransport(transport, missing));
  }
});
