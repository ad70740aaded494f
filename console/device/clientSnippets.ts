/** A program to paste that sends a first reading. */
export interface ClientSnippet {
  title: string;
  code: string;
}

/**
 * Programs that connect once and send a first reading (schemas/PROTOCOL.md), for people without a checkout of Tidegate. Each needs only
 * what it imports. `url` is where devices connect.
 */
export function clientSnippets(url: string, id: string, secret: string): ClientSnippet[] {
  const basic = btoa(`${id}:${secret}`);
  const entry = `tidegate.auth.${basic.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')}`;
  const { hostname, port, pathname } = new URL(url);
  return [
    {
      title: 'Browser',
      code: `const ws = new WebSocket('${url}', ['tidegate.v1.json', '${entry}']);
ws.onmessage = ({ data }) => console.log(data);
ws.onopen = () => ws.send(JSON.stringify({ values: { temperature: 21.5 } }));`,
    },
    {
      title: 'Node',
      code: `import WebSocket from 'ws';
const ws = new WebSocket('${url}', ['tidegate.v1.json'], { auth: '${id}:${secret}' });
ws.on('message', (data) => console.log(String(data)));
ws.on('open', () => ws.send(JSON.stringify({ values: { temperature: 21.5 } })));`,
    },
    {
      title: 'Python',
      code: `import asyncio, json, websockets
async def main():
    async with websockets.connect('${url}', subprotocols=['tidegate.v1.json', '${entry}']) as ws:
        print(await ws.recv())
        await ws.send(json.dumps({'seq': 1, 'values': {'temperature': 21.5}}))
        print(await ws.recv())
asyncio.run(main())`,
    },
    {
      title: 'Arduino',
      code: `#include <WebSocketsClient.h>
WebSocketsClient ws;
void setup() {
  // after WiFi.begin(…)
  ws.setAuthorization("${id}", "${secret}");
  ws.begin("${hostname}", ${port === '' ? 80 : port}, "${pathname}");
  ws.onEvent([](WStype_t type, uint8_t *data, size_t length) {
    if (type == WStype_CONNECTED) ws.sendTXT("{\\"values\\":{\\"temperature\\":21.5}}");
  });
}
void loop() { ws.loop(); }`,
    },
    { title: 'Other', code: `GET ${url}\nAuthorization: Basic ${basic}\nSec-WebSocket-Protocol: tidegate.v1.json` },
  ];
}
