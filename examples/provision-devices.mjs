// Registers many devices from a CSV file, and writes their secrets into another, which only its owner may read.
//
//     node examples/provision-devices.mjs http://127.0.0.1:8081 tgk_... devices.csv secrets.csv
//
// The file has the columns id,model,site. The gateway shows each secret once: whoever loses secrets.csv makes new ones.
// `npx tidegate device import` does the same from the command line.
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';

const [operatorUrl, key, input, output] = process.argv.slice(2);
if (output === undefined) {
  console.error('node provision-devices.mjs OPERATOR_URL KEY DEVICES.csv SECRETS.csv');
  process.exit(64);
}
/** The gateway registers up to 5,000 together, or none of them; the body has at most 1 MiB. */
const partDevices = 2_000;

const [heading, ...lines] = readFileSync(input, 'utf8').trim().split(/\r?\n/);
if (heading !== 'id,model,site') throw new Error(`the first line of ${input} must be id,model,site`);
const devices = lines.map((line) => {
  const [id, model, site] = line.split(',');
  return { id, model: model || null, tags: site ? { site } : {} };
});

const file = openSync(output, 'wx', 0o600);
writeSync(file, 'id,secret\n');
for (let at = 0; at < devices.length; at += partDevices) {
  const answer = await fetch(`${operatorUrl}/v1/device-imports`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ devices: devices.slice(at, at + partDevices) }),
  });
  const said = await answer.json();
  if (!answer.ok) {
    console.error(`from ${devices[at].id} on nothing was registered: ${said.code}: ${said.detail}`);
    process.exit(1);
  }
  writeSync(file, said.items.map(({ id, secret }) => `${id},${secret}\n`).join(''));
  fsyncSync(file);
}
closeSync(file);
console.log(`${devices.length} devices are registered; their secrets are in ${output}`);
