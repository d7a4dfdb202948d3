// Goal: queries give what DuckDB gives, or differ in a way that docs/sql.md names. Method: seeded
// queries over messy records, both answers compared row by row; a difference is printed whole.
//   node differential.mjs <sql_answers> [queries] [seed]
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadDuck, makeRecords, recordLine } from './data.mjs';
import { Queries } from './queries.mjs';
import { Random } from './random.mjs';

const SKIPPED = 77;
if (!existsSync(fileURLToPath(new URL('node_modules/@duckdb/node-api', import.meta.url)))) {
  console.log('skipped: DuckDB is not there; run `npm ci` in tests/duckdb');
  process.exit(SKIPPED);
}
const { DuckDBInstance } = await import('@duckdb/node-api');
const [program, count = '2000', seed = '1'] = process.argv.slice(2);

const random = new Random(Number(seed));
const records = makeRecords(random, 400);
const duck = await (await DuckDBInstance.create(':memory:')).connect();
await duck.run('SET ieee_floating_point_ops = false');
await duck.run('SET threads = 1');
await loadDuck(duck, records);
const queries = new Queries(random);
const list = Array.from({ length: Number(count) }, () => queries.next());

async function ours() {
  const child = spawn(program, [], { stdio: ['pipe', 'pipe', 'inherit'] });
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text) => { out += text; });
  const ended = new Promise((resolve) => child.on('close', resolve));
  child.stdin.end([...records.map(recordLine), ...list.map(([sql]) => `query ${sql}`)].join('\n') + '\n');
  if (await ended !== 0) throw new Error('sql_answers failed');
  return out.trimEnd().split('\n').map(exact);
}
// JSON whose integers stay exact: those that a double would round go through the parser as text.
function exact(line) {
  return JSON.parse(line.replace(/(?<=[[,])-?\d{16,}(?=[,\]])/g, '"#int $&"'), (key, value) =>
    typeof value === 'string' && value.startsWith('#int ') ? BigInt(value.slice(5)) : value);
}

function plain(value) {
  if (value === null || value === undefined || Number.isNaN(value)) return null; // here nothing is NaN
  if (typeof value === 'object' && 'scale' in value) value = Number(value.value) / 10 ** value.scale; // DECIMAL
  if (typeof value === 'number' && Number.isInteger(value) && Math.abs(value) < 2 ** 53) return BigInt(value);
  return value;
}
function sameValue(a, b) {
  // a DOUBLE that is whole and large is no exact integer
  const isReal = (value) => typeof value === 'number' && (!Number.isInteger(value) || Math.abs(value) > 1e15);
  const oneIsReal = isReal(a) || isReal(b);
  a = plain(a);
  b = plain(b);
  if (a === null || b === null) return a === b;
  if (typeof a === 'bigint' && typeof b === 'bigint' && !oneIsReal) return a === b;
  if (typeof a === 'string' || typeof b === 'string' || typeof a === 'boolean' || typeof b === 'boolean') return a === b;
  const [x, y] = [Number(a), Number(b)];
  return Math.abs(x - y) <= 1e-9 * Math.max(1, Math.abs(x), Math.abs(y));
}
const order = (row) => row.map((v) => {
  const p = plain(v);
  return typeof p === 'number' ? p.toPrecision(9) : String(p);
}).join('\u0001');
function sameRows(a, b, isOrdered) {
  if (a.length !== b.length) return false;
  if (!isOrdered) [a, b] = [a, b].map((rows) => [...rows].sort((x, y) => (order(x) < order(y) ? -1 : 1)));
  return a.every((row, n) => row.length === b[n].length && row.every((v, c) => sameValue(v, b[n][c])));
}
const shown = (rows) => JSON.stringify(rows, (k, v) => (typeof v === 'bigint' ? v.toString() : v));
// The rows that the other side does not have.
function missing(rows, others) {
  const left = [...others];
  return rows.filter((row) => {
    const at = left.findIndex((other) => row.every((v, c) => sameValue(v, other[c])));
    if (at >= 0) left.splice(at, 1);
    return at < 0;
  });
}

const answers = await ours();
let differences = 0;
for (let n = 0; n < list.length; ++n) {
  const [sql, duckSql, isOrdered] = list[n];
  let rows;
  try {
    rows = (await duck.runAndReadAll(duckSql)).getRows();
  } catch (error) {
    rows = [[`DuckDB: ${error.message}`]];
  }
  const mine = answers[n];
  if (mine.rows && sameRows(mine.rows, rows, isOrdered)) continue;
  ++differences;
  console.log(`seed ${seed}, query ${n}\n  here:   ${sql}\n  DuckDB: ${duckSql}`);
  console.log(`  here:   ${mine.error ?? shown(isOrdered ? mine.rows : missing(mine.rows, rows))}`);
  console.log(`  DuckDB: ${shown(isOrdered || mine.error ? rows : missing(rows, mine.rows))}`);
}
console.log(`${list.length} queries, ${differences} differences`);
process.exit(differences === 0 ? 0 : 1);
