// Goal: models are trained, looked at, compared, taken into use and given back on the page, by who may.
// Method: a server of its own whose devices wear out as they are warm, Chromium, and what people do there; what a
// detector sees in history is answered by the test. No test waits for a time.

import assert from 'node:assert/strict';
import {after, before, describe, it} from 'node:test';
import {Site, findings, launch, look, passwordOf} from './site.mjs';

const hostile = '<img src=x onerror="window.broken=1">\u202e';
// As a path names it: a quote stands twice.
const hostilePath = `"${hostile.replaceAll('"', '""')}"`;
const linear = `name: wear
source: {stream: events}
signals: [heat]
target: {column: wear}
folds: {count: 2}
algorithm: linear
alarm: {above: 11}
`;
const clipped = `${linear}cleanse: {limits: {heat: [0, 3]}, outside: clip}\n`;
const trees = `name: wear
source: {stream: events}
signals: [heat, '${hostilePath}']
target: {column: wear}
folds: {by: device, count: 3}
algorithm: decision_tree
settings: {leaf_rows_min: [1, 20]}
`;
// So much that nobody waits for its end.
const endless = linear.replace('wear', 'endless').replace('algorithm: linear', 'algorithm: random_forest') +
  `settings: {trees: 10000, leaf_rows_min: [${Array.from({length: 100}, (_, index) => index + 1)}]}\n`;

let browser;
let site;

const open = settings => look(browser, site, settings);
const to = (page, hash) => page.goto(`${site.url}#/${hash}`);
const region = (page, name) => page.getByRole('region', {name, exact: true});
const confirm = (page, name) => page.getByRole('dialog').getByRole('button', {name, exact: true}).click();

// wear = 2 heat.
const feed = () => site.post('/api/v1/publish', Array.from({length: 200}, (_, index) => ({
  topic: `plant/${index % 3 === 0 ? hostile.replaceAll('/', '') : `p${index % 3}`}`,
  payload: {heat: index % 7, wear: 2 * (index % 7), [hostile]: index % 5},
  ts: Date.now() - 1_000 * (200 - index),
})));

async function trained(pipeline) {
  const training = await (await site.post('/api/v1/models/wear/train', pipeline)).json();
  for (;;) {
    const {state, error} = await (await fetch(`${site.url}api/v1/trainings/${training.id}`)).json();
    if (state === 'done') return;
    assert.ok(['waiting', 'reading', 'training'].includes(state), error);
  }
}

before(async () => {
  browser = await launch();
  site = await new Site().start();
  await feed();
});
after(async () => {
  await browser?.close();
  await site?.stop();
});

describe('a training', () => {
  it('is begun with a file, and its report is looked at', async () => {
    const {page, wrong, close} = await open();
    await to(page, 'models');
    await page.getByText('No model was trained yet.').waitFor();
    await page.getByRole('link', {name: 'New training'}).click();
    await page.getByLabel('Pipeline (YAML)').fill('algorithm: linear');
    await page.getByRole('button', {name: 'Train', exact: true}).click();
    await page.getByRole('alert').getByText('gives its model no name').waitFor();
    const file = {name: 'first.yaml', mimeType: 'text/yaml', buffer: Buffer.from(trees.replace('wear', 'first'))};
    await page.getByLabel('Take it from a file').setInputFiles(file);
    await page.waitForFunction(() => document.querySelector('textarea').value.startsWith('name: first'));
    assert.deepEqual(await findings(page), []);
    await page.getByRole('button', {name: 'Train', exact: true}).click();
    await region(page, 'Trainings').getByRole('link', {name: 'Version 1'}).click();
    await page.getByRole('heading', {level: 3, name: 'Version 1'}).waitFor();
    await region(page, 'By fold').getByRole('row').nth(4).getByRole('cell', {name: 'all'}).waitFor();
    await page.getByText('Settings that were tried (2)').click();
    await region(page, 'Settings that were tried').getByRole('row', {name: /taken/}).waitFor();
    await page.getByRole('heading', {name: /How far it is off/}).waitFor();
    await page.getByRole('listitem').filter({hasText: /heat.*%/}).waitFor();
    assert.deepEqual(wrong, []);
    await close();
  });

  it('that cannot be says why', async () => {
    const {page, close} = await open();
    await to(page, 'models/new training');
    await page.getByLabel('Pipeline (YAML)').fill(`${linear}colour: red\n`);
    await page.getByRole('button', {name: 'Train', exact: true}).click();
    await page.getByRole('alert').getByText('colour: unknown key').waitFor();
    await close();
  });

  it('is followed, and cancelled', async () => {
    const {page, wrong, close} = await open();
    await to(page, 'models/new training');
    await page.getByLabel('Pipeline (YAML)').fill(endless);
    await page.getByRole('button', {name: 'Train', exact: true}).click();
    const row = region(page, 'Trainings').getByRole('row', {name: /endless/});
    await row.getByRole('progressbar', {name: 'Progress of the training of endless'}).waitFor();
    assert.deepEqual(await findings(page), []);
    await row.getByRole('button', {name: 'Cancel training'}).click();
    await confirm(page, 'Cancel training');
    await row.getByText('cancelled', {exact: true}).waitFor();
    assert.equal(await row.getByRole('button').count(), 0);
    assert.deepEqual(wrong, []);
    await close();
  });
});

describe('versions', () => {
  before(async () => {
    await trained(trees);
    await trained(linear);
    await trained(clipped);
  });

  for (const [colorScheme, width] of [['light', 1366], ['dark', 1366], ['light', 420], ['dark', 420]])
    it(`can be read by all: ${colorScheme}, ${width} wide`, async () => {
      const {page, wrong, close} = await open({colorScheme, viewport: {width, height: 800}});
      for (const [hash, shown] of [['models', 'Trainings'], ['models/wear?view=versions&version=1', 'By fold'], ['models/wear?view=versions&version=3&with=2', 'From version 2 to 3']]) {
        await to(page, hash);
        await region(page, shown).waitFor();
        await page.getByText('Loading').first().waitFor({state: 'detached'});
        assert.deepEqual(await findings(page), [], hash);
        const {scrollWidth, clientWidth} = await page.evaluate(() => {
          const {scrollWidth, clientWidth} = document.documentElement;
          return {scrollWidth, clientWidth};
        });
        assert.ok(scrollWidth <= clientWidth, `${hash} is wider than the window`);
        assert.equal(await page.evaluate(() => globalThis.broken), undefined);
        assert.equal(await page.locator('main img').count(), 0);
      }
      assert.deepEqual(wrong, []);
      await close();
    });

  it('are compared, by an address that can be sent on', async () => {
    const {page, close} = await open();
    await to(page, 'models/wear?view=versions&version=3');
    await page.getByLabel('Compare with').selectOption('Version 2');
    await page.getByText('Their pipelines differ. Both learned from the same records.').waitFor();
    await page.reload();
    await region(page, 'From version 2 to 3').getByRole('row', {name: /RMSE, test.*worse/}).waitFor();
    await close();
  });

  it('are taken into use, say what comes, and are given back', async () => {
    const {page, wrong, close} = await open();
    await to(page, 'models/wear?view=versions');
    const versions = region(page, 'Versions');
    for (const version of [3, 2]) {
      const row = versions.getByRole('row', {name: new RegExp(`Version ${version}`)});
      await row.getByRole('button', {name: 'Promote'}).click();
      await confirm(page, 'Promote');
      await row.getByText('In use').waitFor();
    }
    await feed();
    await page.getByText('What it says of its stream now').click();
    const said = region(page, 'What it says of its stream now');
    await said.getByRole('row', {name: /onerror/}).waitFor();
    await said.getByRole('row', {name: /p2/}).waitFor();
    assert.deepEqual(await findings(page), []);
    await page.getByRole('button', {name: 'Roll back'}).click();
    await confirm(page, 'Roll back');
    await versions.getByRole('row', {name: /Version 3/}).getByText('In use').waitFor();
    assert.equal(await page.evaluate(() => globalThis.broken), undefined);
    assert.deepEqual(wrong, []);
    await page.getByRole('button', {name: 'Roll back'}).click();
    await confirm(page, 'Roll back');
    await page.getByRole('alert').getByText('was promoted before').waitFor();
    await close();
  });

  it('give their pipeline to the next training', async () => {
    const {page, close} = await open();
    await to(page, 'models/wear?view=versions&version=3');
    await page.locator('summary', {hasText: 'Pipeline'}).click();
    await page.getByRole('link', {name: 'Train with this pipeline'}).click();
    await page.waitForFunction(() => document.querySelector('textarea')?.value.includes('outside: clip'));
    await close();
  });

  it('are deleted when that was asked for twice', async () => {
    const {page, close} = await open();
    await to(page, 'models/wear?view=versions');
    await page.getByRole('button', {name: 'Delete all versions'}).click();
    await confirm(page, 'Delete all versions');
    await page.getByRole('heading', {level: 2, name: 'Trained models'}).waitFor();
    await page.getByRole('main').getByRole('link', {name: 'wear', exact: true}).waitFor({state: 'detached'});
    assert.deepEqual(await (await fetch(`${site.url}api/v1/trained`)).json().then(all => all.filter(one => one.model === 'wear')), []);
    await close();
  });
});

describe('a detector', () => {
  const columns = ['ts', 'score', 'threshold', 'is_warm', 'alarm', 'signal', 'value', 'context',
    ...['heat', hostile].flatMap(field => ['value', 'low', 'high', 'share'].map(of => `${of}(${field})`))];
  // As docs/rest/models.md has it: normal, a gap, and what stands out most at the end.
  const rowsUntil = nowMs => [[0.1, 21], [0.2, 22], [null, null], [0.9, 95]].map(([score, value], index) => [
    new Date(nowMs - 60_000 * (10 - index)).toISOString(), score, 0.5, index > 0, score === 0.9, 'heat', value, `earlier ${hostile}`,
    value, 20, 25, score === null ? null : 0.75, 1, null, null, score === null ? null : 0.25]);
  const answerWith = (page, rows) => page.route('**/models/odd/series?*', route => route.fulfill({
    json: {columns: columns.map(name => ({name, type: 'any'})), rows, row_count: rows.length},
  }));

  before(() => site.post('/api/v1/models', 'name: odd\nkind: range_forest\nsource: events\nfields: [heat]\n'));

  it('shows what it sees of a device that is chosen', async () => {
    for (const colorScheme of ['light', 'dark']) {
      const {page, wrong, close} = await open({colorScheme});
      await answerWith(page, rowsUntil(Date.now()));
      await to(page, 'models/odd');
      await page.getByText('Choose a device').waitFor();
      await page.getByLabel('Device').fill('p1');
      await page.getByLabel('Device').press('Enter');
      await page.getByRole('img', {name: 'Score and threshold over time'}).waitFor();
      await page.getByRole('img', {name: 'heat and where it was expected over time'}).locator('canvas').waitFor();
      await page.getByText('It was learning until').waitFor();
      await page.getByText('in alarm').waitFor(); // in the legend
      await page.getByRole('heading', {name: /largest score was made of: 0.9/}).waitFor();
      await page.getByRole('listitem').filter({hasText: /heat.*75.0 %.*95, expected from 20 to 25/}).waitFor();
      assert.deepEqual(await findings(page), []);
      assert.equal(await page.evaluate(() => globalThis.broken), undefined);
      assert.deepEqual(wrong, []);
      await close();
    }
  });

  it('says how many alarms a threshold raises, and takes it into its definition', async () => {
    const {page, wrong, close} = await open({colorScheme: 'dark'});
    let asked;
    await page.route('**/models/odd/thresholds?*', route => {
      asked = new URL(route.request().url()).searchParams;
      return route.fulfill({json: {model: 'odd', threshold: 0.5, devices: 3, samples: 1200, first_ms: 0, last_ms: 1, suggested: 0.7, labelled_true: 3, labelled_false: 4,
        thresholds: [[0.3, 40, 3, 1], [0.5, 9, 3, 2], [0.7, 2, 2, 3], [0.9, 0, 0, 4]].map(([threshold, alarms, kept_true, spared_false]) =>
          ({threshold, alarms, per_week: alarms / 2, kept_true, spared_false}))}});
    });
    await to(page, 'models/odd');
    await page.getByLabel('False alarms a week').fill('2');
    await page.getByRole('button', {name: 'Count alarms'}).click();
    await page.getByText('Suggested: 0.7. The model has 0.5.').waitFor();
    assert.equal(asked.get('per_week'), '2');
    const said = page.getByRole('status').filter({hasText: 'alarms'});
    await said.getByText('2 alarms, 1 a week; keeps 2 of 3 labelled true, spares 3 of 4 labelled false').waitFor();
    await page.getByRole('slider', {name: 'Threshold'}).press('ArrowLeft');
    await said.getByText('9 alarms, 4.5 a week').waitFor();
    await page.getByRole('slider', {name: 'Threshold'}).press('Home');
    assert.deepEqual(await findings(page), []);
    await page.getByRole('button', {name: 'Put it into the definition'}).click();
    await page.waitForFunction(() => /^threshold: 0.3$/m.test(document.querySelector('textarea').value));
    assert.deepEqual(wrong, []);
    await close();
  });

  it('says so where a device said nothing', async () => {
    const {page, close} = await open();
    await answerWith(page, []);
    await to(page, 'models/odd?device=p1');
    await page.getByText('The device said nothing in this time').waitFor();
    await close();
  });
});

describe('who may only read models', () => {
  it('is not offered to change them, and asks for nothing that is refused', async () => {
    const secured = await new Site({users: true}).start();
    const {page, wrong, close} = await look(browser, secured);
    await page.getByLabel('User').fill('mona');
    await page.getByLabel('Password').fill(passwordOf('mona'));
    await page.getByRole('button', {name: 'Sign in'}).click();
    await page.getByRole('navigation').getByRole('link', {name: 'Models'}).waitFor();
    wrong.length = 0; // the first 401
    await page.getByRole('navigation').getByRole('link', {name: 'Models'}).click();
    await page.getByText('No training since the server began.').waitFor();
    assert.equal(await page.getByRole('main').getByRole('link').count(), 0);
    assert.deepEqual(wrong, []);
    await close();
    await secured.stop();
  });
});
