// Goal: MQTT.js, the client of browsers and Node, gets back what it published. Method: one client,
// QoS 0 to 2, small and large; prints `done`, or why not.
//   node mqtt_js.mjs URL VERSION CA
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const SKIPPED = 77;
if (!existsSync(fileURLToPath(new URL('node_modules/mqtt', import.meta.url)))) {
  console.log('skipped: MQTT.js is not there; run `npm ci` in tests/clients');
  process.exit(SKIPPED);
}
const { default: mqtt } = await import('mqtt');
const [url, version, ca] = process.argv.slice(2);

const client = await mqtt.connectAsync(url, {
  protocolVersion: Number(version), ca: readFileSync(ca), reconnectPeriod: 0, connectTimeout: 20_000,
});
const topic = `js/${process.pid}`;
const sent = [0, 1, 2].flatMap((qos) => [10, 5_000, 300_000].map((bytes) =>
  ({ qos, payload: Buffer.alloc(bytes, `${qos} ${bytes} `) })));
const received = [];
const all = new Promise((resolve, reject) => {
  client.on('message', (_, payload) => {
    received.push(payload);
    if (received.length === sent.length) resolve();
  });
  client.on('error', reject);
  client.on('close', () => reject(new Error(`closed after ${received.length} messages`)));
});
await client.subscribeAsync(topic, { qos: 2 });
for (const { qos, payload } of sent) await client.publishAsync(topic, payload, { qos });
await all;
for (const { payload } of sent) {
  if (!received.some((other) => other.equals(payload))) throw new Error('a message is another one');
}
client.removeAllListeners('close');
await client.endAsync();
console.log('done');
