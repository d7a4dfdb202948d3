// Goal: notebooks are kept, shared, run and changed by several people, and nothing in one is more than
// text. Method: a server of its own, Chromium, and what people do there. No test waits for a time.

import assert from 'node:assert/strict';
import {readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {after, before, describe, it} from 'node:test';
import {Site, findings, launch, look, passwordOf, write} from './site.mjs';

const hostile = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>\u202e';
const starters = ['Fleet overview', 'Lift health', 'Data quality'];

let browser;
let site;

const open = settings => look(browser, site, settings);
const to = (page, hash) => page.goto(`${site.url}#/${hash}`);
const put = (name, notebook, headers = {}) => fetch(new URL(`/api/v1/notebooks/${name}`, site.url), {
  method: 'PUT', headers: {'Content-Type': 'application/json', ...headers}, body: JSON.stringify(notebook),
});

before(async () => {
  browser = await launch();
  site = await new Site().start();
  // As the simulator says it.
  await site.post('/api/v1/publish', Array.from({length: 40}, (_, index) => index % 2 === 0
    ? {topic: `fleet/car-${index % 6}/telemetry`, payload: {speed: index, rpm: 900 + index, coolant: 80 + index, oil: 2, fuel: 0.5}}
    : {topic: `lift/lift-${index % 5}/state`, payload: {door: 0, floor: 1, motor_current: index, vibration: index / 100, temperature: 21}}));
});
after(async () => {
  await browser?.close();
  await site?.stop();
});

describe('a notebook', () => {
  it('to begin with works on what simulated devices say', async () => {
    const {page, wrong, close} = await open();
    for (const title of starters) {
      await to(page, 'query');
      await page.getByRole('link', {name: title}).click();
      await page.getByRole('heading', {level: 2, name: title}).waitFor();
      await page.locator('.chart canvas').first().waitFor();
      assert.equal(await page.getByRole('alert').count(), 0, title);
      assert.deepEqual(await findings(page), [], title);
    }
    assert.deepEqual(wrong, []);
    await close();
  });

  it('is kept, changed, and found again with its revisions', async () => {
    const {page, wrong, close} = await open();
    await to(page, 'query');
    await write(page, 'SQL', "SELECT count(*) AS found FROM 'lift/+/state'");
    await page.getByLabel('Title').fill('My lifts');
    await page.getByRole('button', {name: 'Keep as a notebook'}).click();
    await page.getByRole('heading', {level: 2, name: 'My lifts'}).waitFor();
    await page.getByRole('cell', {name: '20', exact: true}).waitFor(); // run when it was opened
    await page.getByRole('button', {name: 'Add a text'}).click();
    await page.getByLabel('Text (Markdown)').fill('## What they say');
    await page.getByRole('button', {name: 'Save', exact: true}).click();
    await page.getByText('Revisions', {exact: true}).click();
    await page.getByRole('link', {name: 'Revision 2'}).waitFor();
    await page.reload();
    await page.getByRole('heading', {level: 3, name: 'What they say'}).waitFor();
    await page.getByText('Revisions', {exact: true}).click();
    await page.getByRole('link', {name: 'Revision 1'}).click();
    await page.getByRole('heading', {level: 3}).waitFor({state: 'detached'});
    await page.getByRole('button', {name: 'Delete notebook'}).click();
    await page.getByRole('dialog').getByRole('button', {name: 'Delete notebook'}).click();
    await page.getByRole('heading', {name: 'Notebooks'}).waitFor();
    await page.getByRole('link', {name: 'My lifts'}).waitFor({state: 'detached'});
    assert.deepEqual(wrong, []);
    await close();
  });

  it('that somebody else saved meanwhile is not overwritten', async () => {
    await put('shared', {title: 'Shared', paragraphs: []});
    const {page, close} = await open();
    await to(page, 'query/shared');
    await page.getByRole('heading', {level: 2, name: 'Shared'}).waitFor();
    assert.equal((await put('shared', {title: 'By another', paragraphs: []}, {'If-Match': '*'})).status, 200);
    await page.getByRole('button', {name: 'Save', exact: true}).click();
    await page.getByRole('alert').getByText('it is revision 2 now').waitFor();
    await page.reload();
    await page.getByRole('heading', {level: 2, name: 'By another'}).waitFor();
    await close();
  });

  it('has parameters, whose values are in the address', async () => {
    await put('by-device', {
      title: 'By device',
      params: [{name: 'device', label: 'Which lift', kind: 'choice', value: '/lift-1/', choices: ['/lift-1/', '/lift-3/']}, {name: 'least', label: 'Current from', kind: 'number', value: 0}],
      paragraphs: [{kind: 'sql', show: 'number', text: "SELECT max(topic) AS t FROM 'lift/+/state' WHERE topic LIKE '%' || :device || '%' AND motor_current >= :least"}],
    });
    const {page, close} = await open();
    await to(page, 'query/by-device');
    await page.getByText('lift/lift-1/state').waitFor();
    await page.getByLabel('Which lift').selectOption('/lift-3/');
    await page.getByText('lift/lift-3/state').waitFor();
    await page.goto(page.url());
    await page.reload();
    await page.getByText('lift/lift-3/state').waitFor();
    await page.getByLabel('Current from').fill('1000');
    await page.getByLabel('Current from').blur();
    await page.getByText('NULL').waitFor();
    await close();
  });

  it('is shown without controls, and left by Escape', async () => {
    await put('wall', {title: 'Wall', refresh_s: 5, paragraphs: [{kind: 'sql', show: 'bar', text: "SELECT device, count(*) AS n FROM 'lift/+/state' GROUP BY device"}]});
    const {page, wrong, close} = await open({colorScheme: 'dark'});
    await to(page, 'query/wall?kiosk=1');
    await page.locator('.chart canvas').waitFor();
    const again = page.waitForResponse(answer => answer.url().endsWith('/api/v1/query')); // by itself
    for (const role of ['button', 'navigation', 'textbox', 'combobox'])
      assert.equal(await page.getByRole(role).count(), 0, role);
    await again;
    assert.deepEqual(await findings(page), []);
    await page.keyboard.press('Escape');
    await page.getByRole('navigation').waitFor();
    assert.deepEqual(wrong, []);
    await close();
  });

  it('is exported, and imported as the same', async () => {
    const {page, close} = await open();
    await to(page, 'query/:lifts');
    const downloading = page.waitForEvent('download');
    await page.getByRole('button', {name: 'Export'}).click();
    const exported = JSON.parse(readFileSync(await (await downloading).path(), 'utf8'));
    assert.equal(exported.title, 'Lift health');
    const file = join(site.dir, 'From elsewhere.json');
    writeFileSync(file, JSON.stringify(exported));
    await to(page, 'query');
    await page.getByLabel('Import').setInputFiles(file);
    await page.getByRole('heading', {level: 2, name: 'Lift health'}).first().waitFor();
    const kept = await (await fetch(new URL('/api/v1/notebooks/from-elsewhere', site.url))).json();
    assert.deepEqual(kept.notebook, exported);
    writeFileSync(file, '{"title": "none"}');
    await to(page, 'query');
    await page.getByLabel('Import').setInputFiles(file);
    await page.getByRole('alert').getByText('paragraphs is an array').waitFor();
    await close();
  });

  it('is text, whatever it says', async () => {
    const text = `# ${hostile}\n\n[go](javascript:window.broken=1) ${hostile}\n\n\`\`\`\n${hostile}\n\`\`\``;
    const large = 'x'.repeat(200_000);
    const answer = await put('hostile', {title: hostile, paragraphs: [
      {kind: 'markdown', text},
      {kind: 'sql', show: 'number', text: `SELECT '${hostile}' AS "${hostile.replaceAll('"', '')}"`},
      {kind: 'sql', show: 'bar', text: `SELECT '${hostile}' AS name, 1 AS "${hostile.replaceAll('"', '')}"`},
      {kind: 'markdown', text: large},
    ]});
    assert.equal(answer.status, 201, await answer.text());
    const {page, wrong, close} = await open();
    await to(page, 'query');
    await page.getByRole('link', {name: '<img'}).click();
    await page.getByRole('heading', {level: 2, name: '<img'}).first().waitFor();
    await page.locator('.chart canvas').waitFor();
    assert.equal(await page.getByRole('link', {name: 'go', exact: true}).count(), 0);
    assert.equal(await page.locator('main img, main script').count(), 0);
    assert.equal(await page.evaluate(() => globalThis.broken), undefined);
    // A chart that was drawn before the scroll bar came follows.
    await page.waitForFunction(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
    assert.deepEqual(wrong, []);
    await close();
  });

  it('outlives a server that is killed under it', async () => {
    await put('lasting', {title: 'Lasting', paragraphs: [{kind: 'sql', text: 'SELECT 41 + 1 AS answer'}]});
    const {page, close} = await open();
    await to(page, 'query/lasting');
    await page.getByRole('cell', {name: '42'}).waitFor();
    await site.kill();
    await page.getByRole('button', {name: 'Run all'}).click();
    await page.getByText('Not connected').waitFor();
    await site.start();
    await page.getByText('Not connected').waitFor({state: 'detached'});
    await page.getByRole('button', {name: 'Run all'}).click();
    await page.getByRole('cell', {name: '42'}).waitFor();
    await page.reload();
    await page.getByRole('heading', {level: 2, name: 'Lasting'}).waitFor();
    await close();
  });
});

describe('with users', () => {
  it('who may not manage notebooks reads them, and is offered no change', async () => {
    const secured = await new Site({users: true}).start();
    try {
      const {page, close} = await look(browser, secured);
      await page.getByLabel('User').fill('nora');
      await page.getByLabel('Password').fill(passwordOf('nora'));
      await page.getByRole('button', {name: 'Sign in'}).click();
      await page.getByRole('link', {name: 'Query'}).click();
      await page.getByRole('link', {name: 'Lift health'}).click();
      await page.getByRole('button', {name: 'Run all'}).waitFor();
      for (const name of ['Save', 'Save as new', 'Delete notebook'])
        assert.equal(await page.getByRole('button', {name, exact: true}).count(), 0, name);
      await close();
    } finally {
      await secured.stop();
    }
  });
});
