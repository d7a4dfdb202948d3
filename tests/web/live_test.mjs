// Goal: the parts that show what comes now (topics, devices, alarms) show it, keep up, and let themselves be worked with.
// Method: a server of its own, Chromium, and what people do there. No test waits for a time.

import assert from 'node:assert/strict';
import {after, before, describe, it} from 'node:test';
import {Site, findings, launch, look, passwordOf} from './site.mjs';

const hostile = '<img src=x onerror="window.broken=1"><script>window.broken=1<\\u202e';
const rule = `CREATE RULE hot AS SELECT device, v FROM events
  ALARM 'too hot' PER device SEVERITY 'major' RAISE WHEN v > 90 CLEAR WHEN v < 80`;

let browser;
let site;

const open = settings => look(browser, site, settings);
const to = (page, hash) => page.goto(`${site.url}#/${hash}`);
const isHarmless = async page => assert.equal(await page.evaluate(() => globalThis.broken), undefined);
// The one connection is there when what it asks for has been answered.
const live = (page, asked) => page.waitForResponse(answer => answer.url().includes('/api/v1/live') && answer.url().includes(asked));

before(async () => {
  browser = await launch();
  site = await new Site().start();
  await site.post('/api/v1/rules', rule);
  const messages = [20, 95, 60].map((v, at) => ({topic: 'plant/press-1', payload: {v, text: hostile}, ts: Date.now() - 60_000 * (3 - at)}));
  await site.post('/api/v1/publish', [
    ...messages,
    {topic: 'plant/press-2', payload: {v: 99}},
    {topic: `plant/${hostile.replaceAll('/', '')}`, payload: {v: 1, [hostile]: 2}},
    {topic: 'plant/press-1/state', payload: 'on', retain: true},
  ]);
});
after(async () => {
  await browser?.close();
  await site?.stop();
});

describe('topics', () => {
  it('are a tree with last values, opened by keys', async () => {
    const {page, wrong, close} = await open();
    await to(page, 'topics');
    const tree = page.getByRole('treegrid');
    await tree.getByRole('row', {name: /plant/}).waitFor();
    await tree.focus();
    await page.keyboard.press('End');
    await page.keyboard.press('ArrowRight');
    const press = tree.getByRole('row', {name: /press-1/});
    await press.waitFor();
    await press.click();
    await page.getByRole('heading', {level: 2, name: 'plant/press-1'}).waitFor();
    const following = live(page, 'topics=');
    await page.reload();
    await following;
    await press.waitFor(); // what is in the address is opened again
    await site.post('/api/v1/publish/plant/press-1', '{"v": 61}');
    await page.locator('pre', {hasText: '{"v": 61}'}).waitFor();
    assert.deepEqual(await findings(page), []);
    assert.deepEqual(wrong, []);
    await close();
  });

  it('are found by a part of their name, hostile ones are shown as text', async () => {
    const {page, wrong, close} = await open();
    await to(page, 'topics?search=plant/press-1');
    const tree = page.getByRole('treegrid');
    await tree.getByRole('row', {name: /plant\/press-1\/state.*retained.*on/}).waitFor();
    assert.equal(await tree.getByRole('row').count(), 3);
    await page.getByLabel('Search').fill('onerror');
    const row = tree.getByRole('row', {name: /onerror/});
    await row.waitFor();
    await row.click();
    await page.getByRole('heading', {level: 2, name: /onerror/}).waitFor();
    await isHarmless(page);
    assert.deepEqual(wrong, []);
    await close();
  });

  it('are published to', async () => {
    const {page, close} = await open();
    await to(page, 'topics?topic=plant/press-1');
    await page.locator('summary', {hasText: 'Publish'}).click();
    await page.getByLabel('Topic', {exact: true}).fill('plant/said here');
    await page.getByLabel('Message').fill('hello');
    await page.getByLabel('retained').check();
    await page.getByRole('button', {name: 'Publish it'}).click();
    await page.getByText('Stored.').waitFor();
    await to(page, 'topics?search=said');
    await page.getByRole('row', {name: /plant\/said here.*retained.*hello/}).waitFor();
    await close();
  });

  it('are a great many without filling the page', async () => {
    const count = 1_500;
    const name = number => `many/t${String(number).padStart(5, '0')}`;
    await site.post('/api/v1/publish', Array.from({length: count}, (_, number) => ({topic: name(number), payload: number})));
    const {page, close} = await open();
    await to(page, `topics?topic=${name(0)}`);
    const rows = page.getByRole('treegrid').getByRole('row');
    await rows.filter({hasText: 't00000'}).waitFor();
    // Page after page, until the last topic is there.
    await page.waitForFunction(all => {
      const tree = document.querySelector('[role=treegrid]');
      tree.scrollTop = tree.scrollHeight;
      return Number(tree.getAttribute('aria-rowcount')) > all;
    }, count);
    await rows.filter({hasText: name(count - 1).slice(5)}).waitFor();
    assert.ok(await rows.count() < 100);
    await close();
  });
});

describe('devices', () => {
  it('are listed, and one shows charts, values, alarms and messages', async () => {
    const {page, wrong, close} = await open();
    await to(page, 'devices?search=press-1');
    await page.getByRole('link', {name: 'press-1', exact: true}).click();
    await page.getByRole('heading', {level: 2, name: 'press-1'}).waitFor();
    await page.getByRole('img', {name: 'v over time'}).waitFor();
    await page.locator('.chart canvas').waitFor();
    await page.getByRole('cell', {name: 'too hot'}).waitFor();
    await page.getByRole('cell', {name: /window.broken/}).first().waitFor();
    await page.getByText('Messages of this time').click();
    await page.getByRole('region', {name: 'Messages of this time'}).getByRole('cell', {name: 'plant/press-1'}).first().waitFor();
    await page.getByText('No client has this name.').or(page.getByText('no session')).waitFor();
    assert.deepEqual(await findings(page), []);
    await isHarmless(page);
    assert.deepEqual(wrong, []);
    await close();
  });

  it('are looked at closer, moved in time, and saved', async () => {
    const {page, close} = await open();
    await to(page, 'devices/press-1');
    const plot = page.locator('.chart .u-over');
    await plot.waitFor();
    const box = await plot.boundingBox();
    await page.mouse.move(box.x + box.width * 0.5, box.y + 50);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.9, box.y + 60);
    await page.mouse.up();
    await page.waitForFunction(() => location.hash.includes('from='));
    const before = await page.evaluate(() => location.hash);
    await page.getByRole('button', {name: 'Earlier'}).click();
    await page.waitForFunction(was => location.hash !== was, before);
    await page.getByRole('button', {name: 'Up to now'}).click();
    const download = page.waitForEvent('download');
    await page.getByRole('button', {name: 'Save as CSV'}).click();
    assert.equal((await download).suggestedFilename(), 'press-1.csv');
    await close();
  });

  it('with hostile names and fields are shown as text', async () => {
    const {page, close} = await open();
    await to(page, 'devices?search=onerror');
    await page.getByRole('link', {name: /onerror/}).click();
    await page.getByRole('heading', {level: 2, name: /onerror/}).waitFor();
    await page.getByRole('img', {name: /onerror.* over time/}).waitFor();
    await isHarmless(page);
    await close();
  });
});

describe('alarms', () => {
  it('come by themselves, are shown with their device, and acknowledged', async () => {
    const {page, wrong, close} = await open();
    await to(page, 'alarms?state=all');
    await page.getByRole('cell', {name: 'press-2', exact: true}).waitFor();
    await site.post('/api/v1/publish/plant/press-3', '{"v": 97}');
    await page.getByRole('cell', {name: 'press-3', exact: true}).waitFor();
    await page.getByText('Alarms over time').click();
    await page.getByRole('img', {name: /active/}).first().waitFor();
    assert.deepEqual(await findings(page), []);
    await page.getByRole('row', {name: /press-3/}).getByRole('link', {name: 'too hot'}).click();
    await page.getByRole('heading', {level: 2, name: /too hot.*press-3/}).waitFor();
    await page.getByRole('img', {name: 'v over time'}).waitFor();
    await page.getByLabel('Comment').fill('<b>the fan</b>');
    await page.getByRole('button', {name: 'Acknowledge'}).click();
    await page.getByRole('cell', {name: '<b>the fan</b>'}).waitFor();
    assert.deepEqual(await findings(page), []);
    assert.deepEqual(wrong, []);
    await close();
  });
});

describe('an alarm of a model', () => {
  it('is labelled true or false, which is shown and taken back', async () => {
    await site.post('/api/v1/models', JSON.stringify({name: 'sway', kind: 'level_shift', source: 'events', topic: 'mast/+', fields: ['sway'],
      options: {warmup_samples: 20, hold_samples: 5}}));
    const now = Date.now();
    await site.post('/api/v1/publish', Array.from({length: 100}, (_, sample) =>
      ({topic: 'mast/m1', payload: {sway: 10 + (sample % 2) + (sample < 60 ? 0 : 50)}, ts: now - 1_000 * (100 - sample)})));
    const {page, wrong, close} = await open();
    await to(page, 'models/sway');
    const verdicts = page.getByRole('region', {name: 'What it raised, and why', exact: true});
    await verdicts.getByRole('button', {name: 'True', exact: true}).click();
    await verdicts.getByRole('button', {name: 'Take the label back'}).waitFor();
    assert.deepEqual(await findings(page), []);
    await verdicts.getByRole('link').first().click();
    await page.getByRole('cell', {name: /^True somebody/}).waitFor();
    await page.getByRole('heading', {name: 'What it is made of'}).waitFor();
    await page.getByRole('listitem').filter({hasText: 'sway'}).getByText('100.0 %').waitFor();
    await page.getByLabel('Comment').fill('<b>a gust</b>');
    await page.getByRole('button', {name: 'False', exact: true}).click();
    await page.getByRole('cell', {name: /^False somebody.*<b>a gust<.b>/}).waitFor();
    assert.deepEqual(await findings(page), []);
    await page.getByRole('button', {name: 'Take the label back'}).click();
    await page.getByRole('button', {name: 'Take the label back'}).waitFor({state: 'detached'});
    await to(page, 'alarms');
    await page.getByRole('cell', {name: /^sway .*, expected from .* to .*; score /}).waitFor();
    assert.deepEqual(wrong, []);
    await close();
  });
});

describe('one connection', () => {
  it('serves all parts, and comes back with the server', async () => {
    const {page, close} = await open();
    const served = new Set();
    let most = 0;
    page.on('request', request => {
      if (request.url().includes('/api/v1/live')) most = Math.max(most, served.add(request).size);
    });
    page.on('requestfailed', request => served.delete(request));
    page.on('requestfinished', request => served.delete(request));
    for (const [part, asked] of [['topics?topic=plant/press-1', 'topics='], ['log/events?follow=true', 'streams=events'], ['alarms', 'alarms=true']]) {
      const following = live(page, asked);
      await to(page, part);
      await following;
    }
    assert.ok(most <= 2, `${most} connections at once`); // one that ends while the next begins
    await site.kill();
    await page.getByRole('alert').filter({hasText: 'Not connected'}).waitFor();
    const again = live(page, '');
    await site.start();
    await again;
    await page.getByText('Not connected').waitFor({state: 'detached'});
    await close();
  });

  it('is what somebody may hear', async () => {
    const secured = await new Site({users: true}).start();
    const {page, wrong, close} = await look(browser, secured);
    await page.getByLabel('User').fill('eve');
    await page.getByLabel('Password').fill(passwordOf('eve'));
    const following = live(page, 'metrics=true');
    await page.getByRole('button', {name: 'Sign in'}).click();
    await following;
    wrong.length = 0; // the first 401
    await page.getByRole('navigation').getByRole('link', {name: 'Alarms'}).click();
    await page.getByText(/No alarm: none was raised/).waitFor();
    assert.equal(await page.getByRole('button', {name: 'Acknowledge'}).count(), 0);
    assert.deepEqual(wrong, []);
    await close();
    await secured.stop();
  });
});
