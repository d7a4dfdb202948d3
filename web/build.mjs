// Builds the page: checks the types, bundles, compresses, and writes one C++ file with all of it.
//   node build.mjs FILE.cpp
// The same sources give the same bytes. Nothing is loaded from elsewhere, neither here nor by the page.

import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {readFileSync, writeFileSync} from 'node:fs';
import {dirname, extname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {gzipSync} from 'node:zlib';
import {build} from 'esbuild';

const root = dirname(fileURLToPath(import.meta.url));
const firstLoadMax = 130 * 1024; // bytes, compressed
const allMax = 330 * 1024;
const types = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

function fail(why) {
  console.error(`page: ${why}`);
  process.exit(1);
}

function checkTypes() {
  const tsc = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const done = spawnSync(process.execPath, [tsc, '--noEmit', '-p', root], {stdio: 'inherit'});
  if (done.status !== 0) fail('the types do not fit');
}

async function bundle() {
  const made = await build({
    absWorkingDir: root,
    entryPoints: {page: 'src/main.tsx', style: 'src/style.css', icon: 'src/icon.svg'},
    outdir: 'out',
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    loader: {'.svg': 'copy'},
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    minify: true,
    legalComments: 'none',
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
  const needed = atOnce(made.metafile.outputs);
  return made.outputFiles.map(file => {
    const name = file.path.slice(join(root, 'out').length + 1);
    return {path: `/assets/${name}`, bytes: Buffer.from(file.contents), isFirst: needed.has(`out/${name}`)};
  });
}

// What is loaded before anything is shown: the entries, and what these import other than when it is wanted.
function atOnce(outputs) {
  const needed = new Set();
  const add = name => {
    if (needed.has(name)) return;
    needed.add(name);
    for (const {path, kind} of outputs[name].imports) if (kind === 'import-statement') add(path);
  };
  for (const [name, {entryPoint}] of Object.entries(outputs)) if (/^src\/(main|style|icon)\./.test(entryPoint ?? '')) add(name);
  return needed;
}

function withIndex(files) {
  const named = pattern => files.find(file => pattern.test(file.path))?.path ?? fail(`no ${pattern}`);
  const names = {
    icon: named(/\/icon-.*\.svg$/),
    style: named(/\/style-.*\.css$/),
    script: named(/\/page-.*\.js$/),
  };
  // Said beside the script that imports them, so that they come together with it.
  const chunks = files.filter(file => file.isFirst && file.path.endsWith('.js') && file.path !== names.script);
  const html = readFileSync(join(root, 'index.html'), 'utf8')
    .replace(/\{(icon|style|script)\}/g, (_, name) => names[name])
    .replace('{chunks}', chunks.map(file => `<link rel="modulepreload" href="${file.path}">`).join(''));
  return [{path: '/', bytes: Buffer.from(html), isFirst: true}, ...files];
}

function cppEntry(file, index) {
  const type = types[extname(file.path) || '.html'];
  const etag = createHash('sha256').update(file.bytes).digest('hex').slice(0, 16);
  return `    {"${file.path}", "${type}", "\\"${etag}\\"", kFile${index}},`;
}

function cppBytes(bytes, index) {
  const lines = [];
  for (let at = 0; at < bytes.length; at += 32) lines.push([...bytes.subarray(at, at + 32)].join(','));
  return `constexpr unsigned char kFile${index}[] = {\n${lines.join(',\n')}};`;
}

function toCpp(files) {
  return `// Made by web/build.mjs.
#include <holdfast/gateway/rest/page.hpp>

namespace holdfast::gateway {
namespace {

${files.map((file, index) => cppBytes(file.gzip, index)).join('\n')}

constexpr PageFile kFiles[] = {
${files.map(cppEntry).join('\n')}
};

} // namespace

std::span<const PageFile> page_files() noexcept { return kFiles; }

} // namespace holdfast::gateway
`;
}

const target = process.argv[2] ?? fail('which file is to be written?');
checkTypes();
const files = withIndex(await bundle()).map(file => ({...file, gzip: gzipSync(file.bytes, {level: 9})}));
const size = list => list.reduce((sum, file) => sum + file.gzip.length, 0);
const first = size(files.filter(file => file.isFirst));
if (first > firstLoadMax) fail(`the first load is ${first} bytes, at most ${firstLoadMax}`);
if (size(files) > allMax) fail(`all files are ${size(files)} bytes, at most ${allMax}`);
writeFileSync(target, toCpp(files));
console.log(`page: ${files.length} files, ${size(files)} bytes compressed, ${first} in the first load`);
