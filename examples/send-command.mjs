// Sends a command to a device, waits for its end, and ends with 0 only if it succeeded. Needs no package: Node's fetch is enough.
//
//     node examples/send-command.mjs http://127.0.0.1:8081 tgk_... boiler-7 set_interval '{"seconds":5}'
//
// The Idempotency-Key makes it safe to ask again after a lost answer: one key makes one command.
import { randomUUID } from 'node:crypto';

const [operatorUrl, key, device, name, params = '{}'] = process.argv.slice(2);
if (name === undefined) {
  console.error('node send-command.mjs OPERATOR_URL KEY DEVICE NAME [PARAMS]');
  process.exit(64);
}
const idempotencyKey = randomUUID();
const triesMax = 3;

async function request(method, path, body) {
  for (let tries = 1; ; tries += 1) {
    try {
      const answer = await fetch(operatorUrl + path, {
        method,
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          'idempotency-key': idempotencyKey,
        },
        body,
      });
      const said = await answer.json();
      if (answer.ok) return said;
      console.error(`${said.code}: ${said.detail}`);
      process.exit(1);
    } catch (error) {
      if (tries === triesMax) throw error;
    }
  }
}

const ends = ['succeeded', 'failed', 'rejected', 'expired', 'timed_out', 'cancelled', 'superseded', 'device_removed'];
// The gateway answers when the command has ended, at the latest after 10 s.
let command = await request(
  'POST',
  `/v1/devices/${device}/commands?wait=10`,
  JSON.stringify({ name, params: JSON.parse(params), ttlSeconds: 60 }),
);
while (!ends.includes(command.state)) {
  console.error(`${command.state} …`);
  command = await request('GET', `/v1/commands/${command.id}?wait=10`);
}
console.log(command.state, JSON.stringify(command.result ?? command.error));
process.exitCode = command.state === 'succeeded' ? 0 : 1;
