// A server of its own for each test, and a browser that looks at it.

import {spawn, spawnSync} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';

const program = process.env.HOLDFAST_PROGRAM;
const browsers = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

export const tools = (() => {
  try {
    const require = createRequire(import.meta.url);
    return {chromium: require('playwright-core').chromium, axe: require.resolve('axe-core/axe.min.js')};
  } catch {
    return undefined;
  }
})();
export const browserPath = browsers.find(existsSync);

export class Site {
  #process;
  constructor({users = false} = {}) {
    this.dir = mkdtempSync(join(tmpdir(), 'holdfast-page-'));
    this.users = users;
    this.port = 0;
  }

  async start() {
    const secured = this.users ? 'access: access.yaml\nusers: users\n' : '';
    writeFileSync(join(this.dir, 'site.yaml'),
      `listeners: {mqtt: off, http: "127.0.0.1:${this.port}"}\nhistory: {enabled: true}\n${secured}` +
      'streams: {events: {partitions: 1}}\nbridge: [{topic: "plant/{device}", stream: events, device: "{device}"}, {topic: "#", stream: events}]\n');
    if (this.users && !existsSync(join(this.dir, 'users'))) this.#makeUsers();
    this.#process = spawn(program, ['serve', '-c', join(this.dir, 'site.yaml'), '--data-dir', join(this.dir, 'data')],
      {stdio: ['ignore', 'pipe', 'ignore']});
    for await (const line of createInterface({input: this.#process.stdout})) {
      const listening = /^listening http \S*:(\d+)$/.exec(line);
      if (listening) this.port = Number(listening[1]);
      if (line.trim() === 'ready') return this;
    }
    throw new Error('the server did not start');
  }

  #makeUsers() {
    writeFileSync(join(this.dir, 'access.yaml'),
      'roles:\n  boss:\n    - {allow: all}\n' +
      '  viewer:\n    - {allow: read, streams: ["events"], areas: [alarms, metrics]}\n' +
      '  reader:\n    - {allow: read, streams: ["events"], areas: [notebooks, query]}\n' +
      '  watcher:\n    - {allow: read, streams: ["events"], areas: [models]}\nanonymous: []\n');
    for (const [name, role] of [['anne', 'boss'], ['eve', 'viewer'], ['nora', 'reader'], ['mona', 'watcher']]) {
      const made = spawnSync(program,
        ['user', 'add', name, '--role', role, '--password-stdin', '-c', join(this.dir, 'site.yaml')],
        {input: `${passwordOf(name)}\n`});
      if (made.status !== 0) throw new Error(String(made.stderr));
    }
  }

  get url() {
    return `http://127.0.0.1:${this.port}/`;
  }

  async kill(signal = 'SIGKILL') {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const exit = once(this.#process, 'exit');
    this.#process.kill(signal);
    await exit;
  }

  async stop() {
    await this.kill('SIGTERM');
    rmSync(this.dir, {recursive: true});
  }

  async post(path, body) {
    const answer = await fetch(new URL(path, this.url), {
      method: 'POST',
      headers: {'Content-Type': typeof body === 'string' ? 'text/plain' : 'application/json'},
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }
}

export function launch() {
  return tools.chromium.launch({
    executablePath: browserPath,
    args: process.getuid() === 0 ? ['--no-sandbox'] : [], // the sandbox takes no root
  });
}

export const passwordOf = name => `the password of ${name}`;

// Puts a text in the place of what stands in an editor of statements, by keys: it has a selection of its own.
export async function write(page, label, text) {
  await page.locator('.cm-content').first().waitFor();
  await page.getByLabel(label).click();
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(text);
}

// A page that remembers what must not happen: errors, and requests to elsewhere.
export async function look(browser, site, settings = {}) {
  const context = await browser.newContext(settings);
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const wrong = [];
  page.on('console', message => {
    if (message.type() === 'error' || message.type() === 'warning') wrong.push(message.text());
  });
  page.on('pageerror', error => wrong.push(String(error)));
  page.on('request', request => {
    const url = new URL(request.url());
    if (url.protocol !== 'blob:' && url.protocol !== 'data:' && url.origin !== new URL(site.url).origin)
      wrong.push(`foreign request: ${url}`);
  });
  await page.goto(site.url);
  return {page, wrong, close: () => context.close()};
}

// Serious and critical findings of axe, as text.
export async function findings(page) {
  // Not as a script of the page, which its policy refuses: in the browser's own context.
  const {readFileSync} = await import('node:fs');
  await page.evaluate(readFileSync(tools.axe, 'utf8'));
  const {violations} = await page.evaluate(() => globalThis.axe.run());
  return violations.filter(one => one.impact === 'serious' || one.impact === 'critical')
    .map(one => `${one.id}: ${one.nodes.map(node => node.html).join(' | ')}`);
}
