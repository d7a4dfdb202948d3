// Goal: the page shows what the server has, does what it offers, and loads nothing from elsewhere.
// Method: a server of its own, Chromium, and what people do there. No test waits for a time.

import assert from 'node:assert/strict';
import {readFileSync} from 'node:fs';
import {after, before, describe, it} from 'node:test';
import {Site, findings, launch, look, passwordOf, write} from './site.mjs';

const hostile = '<img src=x onerror="window.broken=1"><script>window.broken=1</script>';
const rule = `CREATE RULE hot AS SELECT device, v FROM events
  ALARM 'too hot' PER device SEVERITY 'major' RAISE WHEN v > 90 CLEAR WHEN v < 80`;
const parts = ['Overview', 'Alarms', 'Topics', 'Devices', 'Log', 'Query', 'Rules', 'Models', 'Clients', 'Audit'];

let browser;
let site;

const open = settings => look(browser, site, settings);
const to = (page, hash) => page.goto(`${site.url}#/${hash}`);

before(async () => {
  browser = await launch();
  site = await new Site().start();
  await site.post('/api/v1/rules', rule);
  await site.post('/api/v1/publish', [
    {topic: 'plant/press-1', payload: {v: 95}},
    {topic: 'plant/hostile', payload: {v: 1, text: hostile}},
    {topic: `plant/${hostile.replaceAll('/', '')}`, payload: hostile},
  ]);
});
after(async () => {
  await browser?.close();
  await site?.stop();
});

describe('every part', () => {
  const wide = {width: 1366, height: 768};
  const narrow = {width: 420, height: 800};
  for (const [colorScheme, viewport] of [['light', wide], ['dark', wide], ['light', narrow], ['dark', narrow]])
    it(`is whole and can be read by all: ${colorScheme}, ${viewport.width} wide`, async () => {
      const {page, wrong, close} = await open({colorScheme, viewport});
      for (const part of parts) {
        await page.getByRole('navigation').getByRole('link', {name: part}).click();
        await page.getByRole('heading', {level: 1, name: part}).waitFor();
        await page.getByText('Loading').first().waitFor({state: 'detached'});
        assert.deepEqual(await findings(page), [], part);
        const {scrollWidth, clientWidth} = await page.evaluate(() => {
          const {scrollWidth, clientWidth} = document.documentElement;
          return {scrollWidth, clientWidth};
        });
        assert.ok(scrollWidth <= clientWidth, `${part} is wider than the window`);
      }
      assert.deepEqual(wrong, []);
      await close();
    });
});

describe('the page', () => {
  it('shows rates and alarms of a server that was just started', async () => {
    const {page, wrong, close} = await open();
    await page.getByText('Records stored').first().waitFor();
    await page.getByRole('cell', {name: 'too hot'}).waitFor();
    await page.locator('.chart canvas').waitFor();
    assert.deepEqual(wrong, []);
    await close();
  });

  it('shows what a device says as text, whatever it says', async () => {
    const {page, wrong, close} = await open();
    await to(page, 'log/events');
    await page.getByRole('cell', {name: hostile}).first().waitFor();
    await to(page, 'query');
    await page.getByRole('button', {name: 'Run'}).click();
    await page.getByRole('cell', {name: 'window.broken'}).first().waitFor();
    await to(page, `log/${encodeURIComponent(hostile)}`);
    await page.getByRole('heading', {name: hostile}).waitFor();
    assert.equal(await page.evaluate(() => globalThis.broken), undefined);
    assert.equal(wrong.filter(one => !one.includes('404')).length, 0);
    await close();
  });

  it('follows a stream', async () => {
    const {page, close} = await open();
    const following = page.waitForResponse(answer => answer.url().includes('streams=events'));
    await to(page, 'log/events?follow=true');
    await following;
    await site.post('/api/v1/publish/plant/followed', '{"v": 7}');
    await page.getByRole('cell', {name: 'plant/followed'}).waitFor();
    await close();
  });

  it('puts a record into a stream', async () => {
    const {page, close} = await open();
    await to(page, 'log/events');
    await page.getByText('Put a record in').click();
    await page.getByLabel('Value (JSON)').fill('{"v": ');
    await page.getByRole('button', {name: 'Send'}).click();
    await page.getByText('The value is not JSON.').waitFor();
    await page.getByLabel('Value (JSON)').fill('{"v": 1}');
    await page.getByRole('button', {name: 'Send'}).click();
    await page.getByText('Stored.').waitFor();
    await close();
  });

  it('keeps a notebook in its address, and says where a statement is wrong', async () => {
    const {page, close} = await open();
    await to(page, 'query');
    await write(page, 'SQL', 'SELECT topic, count(*) AS n FROM events WHERE ts >= :from GROUP BY topic');
    await page.getByLabel('SQL').press('Control+Enter');
    await page.getByRole('cell', {name: 'plant/press-1'}).waitFor();
    await page.reload();
    await page.locator('.cm-content').getByText('GROUP BY topic').waitFor();
    await write(page, 'SQL', 'SELECT nothing(');
    await page.getByRole('button', {name: 'Run'}).click();
    await page.getByRole('alert').getByText(/line 1, column/).waitFor();
    await page.locator('.cm-lintRange-error').waitFor();
    await close();
  });

  it('completes streams, fields and functions where SQL is written', async () => {
    const {page, wrong, close} = await open();
    await to(page, 'query');
    const editor = page.locator('.cm-content');
    await write(page, 'SQL', 'SELECT ');
    for (const [typed, whole] of [['approx', 'approx_count_distinct('], ['tex', 'text'], ['even', 'events']]) {
      await editor.pressSequentially(` ${typed}`);
      await page.getByRole('option', {name: whole.replace('(', ''), exact: true}).first().click();
      await editor.getByText(whole).first().waitFor();
    }
    assert.deepEqual(await findings(page), []);
    await page.keyboard.press('g'); // a letter here, no key of the page
    await page.keyboard.press('a');
    assert.match(page.url(), /#\/query/);
    assert.deepEqual(wrong, []);
    await close();
  });

  it('knows the functions that the documentation has', () => {
    const read = path => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
    const section = /## Functions\n([^]*?)\n```/.exec(read('docs/sql.md'))[1];
    // Lists of names, and names with their arguments.
    const documented = [...section.matchAll(/`([a-z0-9_\s]+)(?:\(.*?\))?`/g)].flatMap(([, names]) => names.split(/\s+/)).filter(Boolean);
    const known = new Set(read('web/src/state/sql_words.ts').match(/[a-z0-9_]+/g));
    assert.ok(documented.length > 80);
    assert.deepEqual(documented.filter(name => !known.has(name)), []);
  });

  it('tries a rule, makes, pauses and deletes it', async () => {
    const {page, close} = await open();
    await to(page, 'rules');
    await page.getByRole('link', {name: 'New rule'}).click();
    await write(page, 'Statement', rule.replace('RAISE', 'RISE'));
    await page.getByRole('button', {name: 'Save'}).click();
    await page.locator('.cm-lintRange-error').waitFor();
    await write(page, 'Statement', rule.replace('hot', 'warm'));
    await page.getByLabel('Events (JSON array)').fill('[{"topic": "plant/press-1", "device": "press-1", "payload": {"v": 99}, "ts": 0}]');
    await page.getByRole('button', {name: 'Try', exact: true}).click();
    await page.getByRole('cell', {name: /too hot/}).first().waitFor();
    await page.getByRole('button', {name: 'Save'}).click();
    await page.getByRole('heading', {level: 2, name: 'warm'}).waitFor();
    await page.getByRole('button', {name: 'Pause'}).click();
    await page.getByRole('button', {name: 'Resume'}).waitFor();
    await page.getByRole('button', {name: 'Delete'}).click();
    await page.getByRole('dialog').getByRole('button', {name: 'Delete'}).click();
    await page.getByRole('link', {name: 'hot', exact: true}).waitFor();
    assert.equal(await page.getByRole('link', {name: 'warm'}).count(), 0);
    await close();
  });

  it('is worked with by keys', async () => {
    const {page, close} = await open();
    await page.getByRole('heading', {level: 1, name: 'Overview'}).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('a');
    await page.getByRole('heading', {level: 1, name: 'Alarms'}).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('hot');
    await page.waitForFunction(() => location.hash.includes('search=hot'));
    await close();
  });

  it('says that the server is gone, and goes on when it is back', async () => {
    const {page, close} = await open();
    await page.getByRole('cell', {name: 'too hot'}).waitFor();
    await site.kill();
    await page.getByRole('alert').filter({hasText: 'Not connected'}).waitFor();
    assert.equal(await page.getByRole('cell', {name: 'too hot'}).count(), 1, 'what was known stays');
    await site.start();
    await page.getByText('Not connected').waitFor({state: 'detached'});
    await close();
  });
});

describe('with users', () => {
  let secured;
  before(async () => (secured = await new Site({users: true}).start()));
  after(() => secured?.stop());

  const signIn = async (page, name, password = passwordOf(name)) => {
    await page.getByLabel('User').fill(name);
    await page.getByLabel('Password').fill(password);
    await page.getByRole('button', {name: 'Sign in'}).click();
  };

  it('nothing is shown before somebody signs in, and nothing after he signs out', async () => {
    const {page, close} = await look(browser, secured);
    await signIn(page, 'anne', 'not her password');
    await page.getByRole('alert').waitFor();
    assert.equal(await page.getByRole('navigation').count(), 0);
    assert.deepEqual(await findings(page), []);
    await signIn(page, 'anne');
    await page.getByRole('navigation').waitFor();
    await page.reload();
    await page.getByText('anne', {exact: true}).waitFor();
    await page.getByRole('button', {name: 'Sign out'}).click();
    await page.getByLabel('Password').waitFor();
    assert.equal(await page.getByRole('navigation').count(), 0);
    await close();
  });

  it('somebody is offered what he may do', async () => {
    const {page, wrong, close} = await look(browser, secured);
    await signIn(page, 'eve');
    await page.getByRole('navigation').waitFor();
    for (const part of ['Rules', 'Query', 'Clients', 'Audit'])
      assert.equal(await page.getByRole('navigation').getByRole('link', {name: part}).count(), 0, part);
    wrong.length = 0; // the first 401
    for (const part of ['Overview', 'Alarms', 'Log', 'Users', 'Tokens']) {
      await page.getByRole('navigation').getByRole('link', {name: part}).click();
      await page.getByRole('heading', {level: 1, name: part}).waitFor();
    }
    await page.goto(`${secured.url}#/rules`);
    await page.getByText('Your roles do not let you see this.').waitFor();
    assert.deepEqual(wrong, []);
    await close();
  });

  it('an administrator makes a user, and a token that is shown once', async () => {
    const {page, close} = await look(browser, secured);
    await signIn(page, 'anne');
    await page.getByRole('link', {name: 'Users'}).click();
    await page.getByText('New user').click();
    await page.getByRole('group').getByLabel('User').fill('press-7');
    await page.getByLabel('Roles, separated').fill('viewer');
    await page.getByRole('button', {name: 'Add'}).click();
    await page.getByRole('cell', {name: 'press-7'}).waitFor();
    await page.getByRole('link', {name: 'Tokens'}).click();
    await page.getByLabel('Label').fill('nightly');
    await page.getByRole('button', {name: 'Make'}).click();
    await page.getByText(/hft_/).waitFor();
    await page.getByRole('cell', {name: 'nightly'}).waitFor();
    await page.reload();
    await page.getByRole('cell', {name: 'nightly'}).waitFor();
    assert.equal(await page.getByText(/hft_/).count(), 0);
    await page.getByRole('link', {name: 'Audit'}).click();
    await page.getByRole('cell', {name: 'POST /api/v1/users'}).waitFor();
    await close();
  });

  it('whatever somebody calls himself, a user or a token is text', async () => {
    const {page, close} = await look(browser, secured);
    const isText = async () => {
      assert.equal(await page.evaluate(() => globalThis.broken), undefined);
      assert.equal(await page.locator('main img, main script').count(), 0);
    };
    await signIn(page, hostile, 'no password');
    await page.getByRole('alert').waitFor();
    await signIn(page, 'anne');
    await page.getByRole('link', {name: 'Users'}).click();
    await page.getByText('New user').click();
    await page.getByRole('group').getByLabel('User').fill(hostile);
    await page.getByRole('button', {name: 'Add'}).click();
    await page.getByText(/onerror/).first().waitFor();
    await isText();
    await page.getByRole('link', {name: 'Tokens'}).click();
    await page.getByLabel('Label').fill(hostile);
    await page.getByRole('button', {name: 'Make'}).click();
    await page.getByRole('cell', {name: /onerror/}).waitFor();
    await isText();
    await page.getByRole('link', {name: 'Audit'}).click();
    await page.getByRole('cell', {name: /onerror/}).first().waitFor();
    await isText();
    await close();
  });
});
