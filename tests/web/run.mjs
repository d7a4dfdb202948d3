#!/usr/bin/env node
// Runs the tests beside it against a server program:
//   run.mjs HOLDFAST
// Exit 77, with the reason, where the page or what it is tested with is not there.

import {spawnSync} from 'node:child_process';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';

const skip = why => {
  console.log(`page tests skipped: ${why}`);
  process.exit(77);
};

process.env.HOLDFAST_PROGRAM = process.argv[2];
const {Site, browserPath, tools} = await import('./site.mjs');
if (!tools) skip('playwright-core and axe-core are not installed (tools/setup --dev)');
if (!browserPath) skip('there is no Chromium (tools/setup --dev)');
const site = await new Site().start();
const {status} = await fetch(site.url);
await site.stop();
if (status === 404) skip('the server was built without its page');

const here = dirname(fileURLToPath(import.meta.url));
const tests = ['page_test.mjs', 'live_test.mjs', 'notebook_test.mjs', 'parts_test.mjs', 'models_test.mjs'].map(name => join(here, name));
process.exit(spawnSync(process.execPath, ['--test', '--test-reporter=spec', ...tests, ...process.argv.slice(3)],
  {stdio: 'inherit'}).status ?? 1);
