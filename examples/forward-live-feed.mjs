// Reads the live feed of the operator API, and prints each reading as a line of JSON; another program may read them from there.
//
//     node examples/forward-live-feed.mjs http://127.0.0.1:8081 tgk_... [DEVICE...]
//
// The feed is for looking at what happens now. A program that must miss nothing takes MQTT (docs/mqtt.md) or reads
// GET /v1/devices/{id}/readings: a slow reader of the feed misses readings, and is told how many.
import WebSocket from 'ws';

const [operatorUrl, key, ...devices] = process.argv.slice(2);
if (key === undefined) {
  console.error('node forward-live-feed.mjs OPERATOR_URL KEY [DEVICE...]');
  process.exit(64);
}
const feed = new WebSocket(`${operatorUrl.replace(/^http/, 'ws')}/v1/live`, ['tidegate.live.v1'], {
  headers: { authorization: `Bearer ${key}` },
});
feed.on('open', () => {
  const some = devices.length > 0 ? { devices } : {};
  feed.send(JSON.stringify({ type: 'subscribe', kinds: ['readings'], ...some }));
});
feed.on('message', (data) => {
  const message = JSON.parse(data);
  if (message.type === 'subscribed') console.error('waiting for readings');
  if (message.type === 'dropped') console.error(`too slow: ${JSON.stringify(message)}`);
  if (message.type === 'error') console.error(`${message.code}: ${message.message}`);
  if (message.type !== 'readings') return;
  for (const reading of message.readings) console.log(JSON.stringify({ device: message.device, ...reading }));
});
feed.on('unexpected-response', (request, answer) => {
  console.error(`the gateway refused the feed: HTTP ${answer.statusCode}`);
  request.destroy();
  process.exitCode = 1;
});
feed.on('error', (error) => {
  console.error(error.message);
  process.exitCode = 1;
});
process.once('SIGINT', () => feed.close(1000));
process.once('SIGTERM', () => feed.close(1000));
