// Takes the pictures of docs/images: the page of a server of its own, with simulated cars and lifts and
// faults that befall them.
//   screenshots.mjs [PROGRAM]
// It needs what `tools/setup --dev` installs, and takes a minute. The simulation has a seed; times of
// day and rates differ from run to run.

import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdirSync, mkdtempSync, rmSync, statSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join, resolve} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const program = resolve(process.argv[2] ?? join(root, 'build/release/bin/holdfast'));
const images = join(root, 'docs/images');
const sizeMax = 120 * 1024;
const simulatedMs = 45_000; // before the first picture, so that charts have something to show
const viewport = {width: 1366, height: 768};

// What is shown, and what must be there before it is taken.
const pictures = [
  {name: 'overview', at: 'overview', shown: '.chart canvas', dark: false},
  {name: 'device', at: `devices/lift-02?fields=${encodeURIComponent('["motor_current","temperature"]')}`, shown: '.chart canvas', dark: true, isZoomed: true},
  {name: 'notebook', at: 'query/:lifts?range=15m&kiosk=1', shown: '.chart canvas >> nth=1', dark: false},
  {name: 'alarms', at: 'alarms', shown: 'td', dark: false},
  {name: 'model', at: 'models/engine', shown: '.chart canvas', dark: false, isZoomed: true, ofAlarmBy: 'engine', scrollTo: 'What it sees of a device'},
];

process.env.HOLDFAST_PROGRAM = program;
const {tools, browserPath, launch} = await import('./site.mjs');
if (!tools || !browserPath) throw new Error('Playwright or Chromium is not there: tools/setup --dev');

async function serve(directory) {
  const server = spawn(program, ['serve', '-c', join(root, 'config/demo.yaml'), '--data-dir', directory], {stdio: ['ignore', 'pipe', 'ignore']});
  const ports = {};
  for await (const line of createInterface({input: server.stdout})) {
    const listening = /^listening (mqtt|http) \S*:(\d+)$/.exec(line);
    if (listening) ports[listening[1]] = listening[2];
    if (line.trim() === 'ready') return {server, ports};
  }
  throw new Error('the server did not start');
}

const simulate = ({mqtt, http}) => spawn(join(dirname(program), 'holdfast-load'),
  ['simulate', '--quiet', '--port', mqtt, '--http-port', http, '--fleet', 'cars=12,elevators=8', '--rate', '8', '--seed', '7',
    '--fault-warmup', '5', '--fault-every', '4', '--fault-length', '15', '--for', '0'], {stdio: 'ignore'});

// Until there is something on the charts, and rules and models have raised something.
async function somethingHappened(url) {
  const begin = Date.now();
  while (Date.now() - begin < 3 * simulatedMs) {
    const alarms = await (await fetch(`${url}api/v1/alarms`)).json();
    if (alarms.length >= 2 && Date.now() - begin >= simulatedMs) return;
    await new Promise(done => setTimeout(done, 500));
  }
  throw new Error('there were no two alarms');
}

async function take(page, url, {name, at, shown, dark, isZoomed = false, ofAlarmBy, scrollTo}) {
  await page.emulateMedia({colorScheme: dark ? 'dark' : 'light'});
  const now = Date.now();
  const alarms = ofAlarmBy ? await (await fetch(`${url}api/v1/alarms?source=${ofAlarmBy}&limit=1`)).json() : [];
  const device = ofAlarmBy ? `?device=${alarms[0]?.device ?? ''}` : '';
  await page.goto(`${url}#/${at}${device}${isZoomed ? `&from=${now - simulatedMs}&to=${now}` : ''}`);
  await page.locator(shown).first().waitFor();
  if (scrollTo) await page.getByRole('heading', {name: scrollTo}).evaluate(heading => heading.scrollIntoView());
  await page.waitForLoadState('load');
  const path = join(images, `${name}.png`);
  await page.screenshot({path, animations: 'disabled'});
  const {size} = statSync(path);
  if (size > sizeMax) throw new Error(`${name}.png has ${size} bytes, at most ${sizeMax}`);
  console.log(`docs/images/${name}.png: ${size} bytes`);
}

const directory = mkdtempSync(join(tmpdir(), 'holdfast-screenshots-'));
mkdirSync(images, {recursive: true});
const {server, ports} = await serve(directory);
const fleet = simulate(ports);
const url = `http://127.0.0.1:${ports.http}/`;
const browser = await launch();
try {
  await somethingHappened(url);
  const page = await (await browser.newContext({viewport})).newPage();
  for (const picture of pictures) await take(page, url, picture);
} finally {
  await browser.close();
  for (const child of [fleet, server]) {
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await exit;
  }
  rmSync(directory, {recursive: true});
}
