#!/usr/bin/env bash
# Library:  uWebSockets.js 20.51 (npm uwebsockets 3.0.6, a repackaging), as an HTTP server; Node 20.20 as the client.
# Input:    a HEAD request, answered with res.endWithoutBody(4), which the typings offer for reporting a length; then a GET on the same
#           connection, as any client with keep-alive sends it.
# Guess:    both are answered, because a HEAD answer has no body whatever length it reports (RFC 9110 section 9.3.2).
# Seen:     the HEAD answer arrives, with the length. The connection is cut at the next request: the answer counts as unfinished. With
#           endWithoutBody() and a Content-Length header of one's own both requests are answered.
# What we do: the header is written by hand.
set -euo pipefail
folder=$(mktemp -d "${TMPDIR:-/tmp}/finding-XXXXXX")
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund uwebsockets@3.0.6
cat >try.mjs <<'JS'
import { Agent, request } from 'node:http';
import uws from 'uwebsockets';

const app = uws.App();
const route = (path, answer) =>
  app.any(path, (res) => {
    res.onAborted(() => {});
    res.cork(() => answer(res));
  });
route('/argument', (res) => res.writeStatus('200 OK').endWithoutBody(4));
route('/header', (res) => res.writeStatus('200 OK').writeHeader('Content-Length', '4').endWithoutBody());
route('/next', (res) => res.end('next'));
const port = await new Promise((resolve) => app.listen('127.0.0.1', 0, (socket) => resolve(uws.us_socket_local_port(socket))));

for (const path of ['/argument', '/header']) {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (method, to) =>
    new Promise((resolve) => {
      const asked = request({ host: '127.0.0.1', port, method, path: to, agent }, (answer) => {
        answer.resume().on('end', () => resolve(`${answer.statusCode} with length ${answer.headers['content-length']}`));
      });
      asked.on('error', (error) => resolve(error.message)).end();
    });
  console.log(`HEAD ${path}: ${await ask('HEAD', path)}; then GET: ${await ask('GET', '/next')}`);
  agent.destroy();
}
process.exit();
JS
node try.mjs | tee seen
diff seen - <<'SEEN'
HEAD /argument: 200 with length 4; then GET: socket hang up
HEAD /header: 200 with length 4; then GET: 200 with length 4
SEEN
