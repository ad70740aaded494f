import { join } from 'node:path';
import { packageRoot } from '../../schemas/load.js';

/** A program to paste that sends a first reading. */
export interface Snippet {
  title: string;
  program: string;
}

/** The text in single quotes, as a shell takes it literally. */
const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;

/** Programs that can be pasted as they are. They use the clients of this package, wherever it lies, or need none of them. */
export function snippetsOf(url: string, id: string, secret: string, root = packageRoot): Record<string, Snippet> {
  const entry = `tidegate.auth.${Buffer.from(`${id}:${secret}`).toString('base64url')}`;
  return {
    browser: {
      title: 'Browser, in the developer console of a page (best effort, without acks)',
      program: `const ws = new WebSocket('${url}', ['tidegate.v1.json', '${entry}']);
ws.onmessage = ({ data }) => console.log(data);
ws.onopen = () => ws.send(JSON.stringify({ values: { temperature: 21.5 } }));`,
    },
    node: {
      title: 'Node, in a shell (the same client also runs in web pages: clients/js/README.md)',
      program: `(cd ${quoted(root)} && node --input-type=module) <<'END'
import WebSocket from 'ws';
import { connectDevice } from 'tidegate/client';
const device = await connectDevice({ url: '${url}', id: '${id}', secret: '${secret}', stream: 'main', WebSocket });
device.send({ temperature: 21.5 });
await device.drained();
console.log('the reading is on disk');
await device.stop();
END`,
    },
    python: {
      title:
        'Python, in a shell; needs the package websockets, and stores unsent readings in a folder (clients/python/README.md)',
      program: `PYTHONPATH=${quoted(join(root, 'clients', 'python', 'src'))} python3 - <<'END'
import asyncio
from tidegate import Device
async def main():
    async with Device("${url}", "${id}", "${secret}", folder="${id}-readings") as device:
        device.record({"temperature": 21.5})
        await device.drained()
        print("the reading is on disk")
asyncio.run(main())
END`,
    },
    c: {
      title: 'C, in a shell; needs make and gcc (clients/c/README.md)',
      program: `make -s -C ${quoted(join(root, 'clients', 'c'))} linux
${quoted(join(root, 'clients', 'c', 'build', 'linux'))} ${quoted(url)} ${id} ${secret} 1`,
    },
  };
}

/** All programs as one text, and at its end what any other client needs (schemas/PROTOCOL.md). */
export function snippetsFor(url: string, id: string, secret: string): string {
  const parts = Object.values(snippetsOf(url, id, secret)).map(({ title, program }) => `${title}:\n\n${program}`);
  const basic = Buffer.from(`${id}:${secret}`).toString('base64');
  return [
    ...parts,
    `Any other WebSocket client: connect to ${url} with the header\nAuthorization: Basic ${basic}`,
  ].join('\n\n');
}
