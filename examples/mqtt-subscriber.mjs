// Takes every stored frame from an MQTT broker to which the gateway's bridge publishes (docs/mqtt.md), and leaves out repeats.
//
//     node examples/mqtt-subscriber.mjs mqtt://127.0.0.1:1883 harbour
//
// harbour is the gatewayId. A message may come more than once; its id says so: the same content always has the same id.
// The broker keeps messages while this program is away, since its session has a name and is kept.
import mqtt from 'mqtt';

const [url, gateway] = process.argv.slice(2);
if (gateway === undefined) {
  console.error('node mqtt-subscriber.mjs BROKER_URL GATEWAY');
  process.exit(64);
}
const idsMax = 100_000;
const ids = new Set();

const client = mqtt.connect(url, { clientId: 'mqtt-subscriber', clean: false });
// Before the connection is there: what the broker kept comes at once with it.
client.on('message', (_topic, payload) => {
  const { id, device, samples, historical = false } = JSON.parse(payload);
  if (ids.has(id)) return;
  ids.add(id);
  if (ids.size > idsMax) ids.delete(ids.values().next().value);
  for (const { ts, values } of samples) console.log(JSON.stringify({ device, ts, ...values, historical }));
});
client.on('error', (error) => console.error(error.message));
client.subscribe(`tidegate/${gateway}/+/telemetry`, { qos: 1 }, (error) => {
  if (error === null) console.error('subscribed');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => client.end());
