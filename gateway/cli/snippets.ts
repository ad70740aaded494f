/** Programs to paste that send a first reading (schemas/PROTOCOL.md). */
export function snippetsFor(url: string, id: string, secret: string): string {
  const entry = `tidegate.auth.${Buffer.from(`${id}:${secret}`).toString('base64url')}`;
  const basic = Buffer.from(`${id}:${secret}`).toString('base64');
  return `In a browser (its console, or a page):

  const ws = new WebSocket('${url}', ['tidegate.v1.json', '${entry}']);
  ws.onmessage = ({ data }) => console.log(data);
  ws.onopen = () => ws.send(JSON.stringify({ values: { temperature: 21.5 } }));

Node, with the package ws:

  import WebSocket from 'ws';
  const ws = new WebSocket('${url}', ['tidegate.v1.json'], { auth: '${id}:${secret}' });
  ws.on('message', (data) => console.log(String(data)));
  ws.on('open', () => ws.send(JSON.stringify({ values: { temperature: 21.5 } })));

Python, with the package websockets:

  import asyncio, json, websockets
  async def main():
      async with websockets.connect('${url}', subprotocols=['tidegate.v1.json', '${entry}']) as ws:
          print(await ws.recv())
          await ws.send(json.dumps({'seq': 1, 'values': {'temperature': 21.5}}))
          print(await ws.recv())
  asyncio.run(main())

Elsewhere: connect to ${url} with the header
  Authorization: Basic ${basic}`;
}
