// Goal: parts show what is hostile or very long as text, and stay usable. Method: as page_test; one
// server with names, statements, details and payloads of that kind in every part that can have them.

import assert from 'node:assert/strict';
import {after, before, describe, it} from 'node:test';
import {Site, launch, look} from './site.mjs';

const hostile = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>\u202e';
const quoted = hostile.replaceAll("'", "''");
const long = 'long '.repeat(200_000); // 1 MB
// Of the same name: what a rule raises is shown with the model, too.
const model = `name: odd\nkind: seasonal_range\nsource: events\ntopic: plant/+\nfields: ['"${hostile.replaceAll('"', '').replaceAll("'", '')}"']\nwarmup: 1d\n`;
const rule = `CREATE RULE odd AS SELECT device, v AS value, 0.91 AS score, text AS signal, 1 AS expected_low, 2 AS expected_high FROM events
  ALARM '${quoted}' PER device RAISE WHEN value > 90 CLEAR WHEN value < 80`;

let browser;
let site;

// What stands at an address, once `shown` is there: it is harmless, and of the window's width.
async function see({page, wrong}, hash, shown, act = async () => undefined) {
  await page.goto(`${site.url}#/${hash}`);
  const [part] = hash.split(/[/?]/);
  await page.getByRole('heading', {level: 1, name: new RegExp(`^${part}$`, 'i')}).waitFor();
  await act(page);
  await shown(page).first().waitFor();
  assert.equal(await page.evaluate(() => globalThis.broken), undefined);
  assert.equal(await page.locator('main img, main script').count(), 0);
  await page.waitForFunction(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
  assert.deepEqual(wrong, []);
}

// An MQTT client of that name, as the browser connects it.
async function connectClient(id) {
  const {page} = await look(browser, site);
  await page.evaluate(name => new Promise((done, failed) => {
    const bytes = new TextEncoder().encode(name);
    const rest = [0, 4, 77, 81, 84, 84, 4, 2, 0, 60, bytes.length >> 8, bytes.length & 255, ...bytes];
    const length = rest.length < 128 ? [rest.length] : [rest.length % 128 | 128, rest.length >> 7];
    const socket = (globalThis.client = new WebSocket(`ws://${location.host}/mqtt`, 'mqtt'));
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => socket.send(new Uint8Array([0x10, ...length, ...rest]));
    socket.onmessage = done;
    socket.onerror = failed;
  }), id);
}

before(async () => {
  browser = await launch();
  site = await new Site().start();
  await site.post('/api/v1/rules', rule);
  await site.post('/api/v1/models', model);
  await site.post('/api/v1/publish', [
    {topic: 'plant/odd', payload: {v: 95, text: hostile}},
    {topic: 'plant/long', payload: {v: 1, text: long}},
  ]);
  await connectClient(hostile);
});
after(async () => {
  await browser?.close();
  await site?.stop();
});

describe('hostile and very long content is text', () => {
  const text = page => page.getByText('onerror');
  const cases = [
    ['the overview', 'overview', text],
    ['alarms', 'alarms', page => page.getByRole('cell', {name: /onerror/})],
    ['topics', 'topics?topic=plant%2Flong', page => page.getByText('long long')],
    ['a device', 'devices/long', page => page.getByRole('img', {name: 'v over time'})],
    ['the log', 'log/events', text],
    ['a result', `query?sql=${encodeURIComponent(JSON.stringify(['SELECT payload FROM events']))}`, page => page.getByRole('cell', {name: 'long long'}),
      page => page.getByRole('button', {name: 'Run'}).click()],
    ['rules', 'rules/odd', page => page.locator('.cm-content').getByText('onerror')],
    ['models', 'models/odd', page => page.getByRole('cell', {name: /onerror/})],
    ['clients', 'clients', text],
  ];
  let looked;
  before(async () => {
    looked = await look(browser, site);
  });
  after(() => looked?.close());
  for (const [name, hash, shown, act] of cases) it(`in ${name}`, () => see(looked, hash, shown, act));
});

describe('a model', () => {
  it('says what it raised, and why', async () => {
    const {page, close} = await look(browser, site);
    await page.goto(`${site.url}#/models/odd`);
    const row = page.getByRole('region', {name: 'What it raised'}).getByRole('row').nth(1);
    for (const shown of ['0.91', '95, expected from 1 to 2']) await row.getByText(shown, {exact: true}).waitFor();
    await row.getByRole('link', {name: 'odd', exact: true}).click();
    await page.getByRole('heading', {level: 2, name: /onerror/}).waitFor();
    await close();
  });
});
