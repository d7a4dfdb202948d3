// history_bench beside DuckDB: the same data, the same questions, one thread each, both warm.
//   node bench/history/compare.mjs HISTORY_BENCH DIRECTORY [TRUCKS STEPS]   (after `npm ci` in tests/duckdb)
// Times are CPU time, the least of five rounds, so that a busy machine does not count. Ends with 1
// where an answer differs by more than 1e-9 of itself, with 77 where DuckDB is not there.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
const require = createRequire(new URL('../../tests/duckdb/package.json', import.meta.url));
const SKIPPED = 77;
const { DuckDBInstance } = (() => {
  try {
    return require('@duckdb/node-api');
  } catch {
    console.log('skipped: @duckdb/node-api is not there; run `npm ci` in tests/duckdb');
    process.exit(SKIPPED);
  }
})();

const [bench, directory, ...size] = process.argv.slice(2);
for (const made of ['log', 'history']) rmSync(`${directory}/${made}`, { recursive: true, force: true }); // of a run before
mkdirSync(directory, { recursive: true });
const lines = execFileSync(bench, [directory, ...size], { maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'ignore'] })
  .toString().trim().split('\n').map((line) => JSON.parse(line));

const readings = ['latitude', 'longitude', 'elevation', 'velocity', 'heading', 'grade', 'fuel_consumption'];
const diagnostics = ['fuel_state', 'current_load', 'status'];
const means = (names) => names.map((name) => `avg(${name}) AS ${name}`).join(', ');
const questions = {
  'means of all fields': `SELECT r.*, d.* FROM (SELECT ${means(readings)} FROM readings) r, (SELECT ${means(diagnostics)} FROM diagnostics) d`,
  '1 h means by device': `SELECT count(*), sum(m) FROM (SELECT device, time_bucket(INTERVAL '1 hour', ts) AS h, avg(velocity) AS m
    FROM readings GROUP BY device, h)`,
  'p95 by device': 'SELECT device, quantile_cont(velocity, 0.95) FROM readings GROUP BY device ORDER BY device',
  'top 10 by mean load': 'SELECT device, avg(current_load) AS a FROM diagnostics GROUP BY device ORDER BY a DESC LIMIT 10',
  'breaches by device': 'SELECT device, count(*) FROM diagnostics WHERE current_load > 4500 GROUP BY device ORDER BY device',
  '1 h of one device': `SELECT velocity, fuel_consumption, grade FROM readings WHERE device = 'truck_1' AND
    ts >= TIMESTAMP '2026-01-01 02:00:00' AND ts < TIMESTAMP '2026-01-01 03:00:00' ORDER BY ts`,
  '1 min means of one device': `SELECT count(*), sum(m) FROM (SELECT time_bucket(INTERVAL '1 minute', ts) AS b, avg(velocity) AS m
    FROM readings WHERE device = 'truck_1' AND ts < TIMESTAMP '2026-01-01 12:00:00' GROUP BY b)`,
  'last values': `SELECT r.device, v, f, l FROM (SELECT device, arg_max(velocity, ts) AS v, arg_max(fuel_consumption, ts) AS f FROM readings GROUP BY device) r
    JOIN (SELECT device, arg_max(current_load, ts) AS l FROM diagnostics GROUP BY device) d ON r.device = d.device ORDER BY r.device`,
  'max per fleet': 'SELECT fleet, max(velocity) FROM readings JOIN tags ON device = name GROUP BY fleet ORDER BY fleet',
  'join with tags': `SELECT fleet, load_capacity, avg(current_load / load_capacity) FROM diagnostics JOIN tags ON device = name
    GROUP BY fleet, load_capacity ORDER BY fleet, load_capacity`,
  'long driving': `SELECT device, count(*) FROM (SELECT device, time_bucket(INTERVAL '10 minutes', ts) AS b, avg(velocity) AS v FROM readings
    WHERE ts >= TIMESTAMP '2026-01-01 00:00:00' AND ts < TIMESTAMP '2026-01-01 04:00:00' GROUP BY device, b) WHERE v > 1
    GROUP BY device HAVING count(*) > 22 ORDER BY device`,
  'breakdown frequency': `SELECT device, count(*) FROM (SELECT device, broken, lead(broken) OVER (PARTITION BY device ORDER BY b) AS next FROM
    (SELECT device, time_bucket(INTERVAL '10 minutes', ts) AS b, avg(status) < 1 AS broken FROM diagnostics GROUP BY device, b))
    WHERE broken AND NOT next GROUP BY device ORDER BY device`,
  '500 points of one device': `SELECT count(*), sum(lo), sum(hi) FROM (SELECT time_bucket(INTERVAL '200 seconds', ts) AS b, min(velocity) AS lo,
    max(velocity) AS hi FROM readings WHERE device = 'truck_1' GROUP BY b)`,
};

const duck = await (await DuckDBInstance.create(':memory:')).connect();
await duck.run('SET threads = 1');
for (const [table, names] of [['readings', readings], ['diagnostics', diagnostics]])
  await duck.run(`CREATE TABLE ${table} AS SELECT make_timestamp(us) AS ts, * EXCLUDE (us) FROM read_csv('${directory}/${table}.csv',
    header = false, columns = {us: 'BIGINT', device: 'VARCHAR', ${names.map((name) => `${name}: 'DOUBLE'`).join(', ')}}) ORDER BY device, ts`);
await duck.run(`CREATE TABLE tags AS SELECT * FROM read_csv('${directory}/tags.csv', header = false,
  columns = {name: 'VARCHAR', fleet: 'VARCHAR', load_capacity: 'DOUBLE'})`);

async function ask(sql) {
  let best = Infinity;
  let rows;
  for (let round = 0; round < 5; ++round) {
    const begin = process.cpuUsage();
    rows = (await duck.runAndReadAll(sql)).getRows();
    const used = process.cpuUsage(begin);
    best = Math.min(best, (used.user + used.system) / 1000);
  }
  return { ms: best, rows: rows.map((row) => row.map((cell) => (typeof cell === 'bigint' ? Number(cell) : cell))) };
}

const near = (a, b) => (typeof a === 'number' && typeof b === 'number' ? Math.abs(a - b) <= 1e-9 * Math.max(1, Math.abs(a)) : a === b);
const same = (left, right) => left.length === right.length
  && left.every((row, i) => row.length === right[i].length && row.every((cell, j) => near(cell, right[i][j])));

const [ingest, ...answers] = lines;
console.log(`${ingest.points} points, ${ingest.bytes_per_point} bytes each, ${(ingest.points_per_cpu_s / 1e6).toFixed(2)} M points per CPU second`);
let differs = 0;
const peers = {};
for (const { query, way, ms, answer } of answers) {
  peers[query] ??= await ask(questions[query]);
  const peer = peers[query];
  const agrees = answer.rows !== undefined && same(answer.rows, peer.rows);
  if (!agrees) ++differs;
  console.log(`${query.padEnd(26)} ${way.padEnd(10)} ${ms.toFixed(2).padStart(9)} ms  DuckDB ${peer.ms.toFixed(2).padStart(8)} ms  x${(ms / peer.ms).toFixed(2).padStart(7)}  `
    + (agrees ? 'agrees' : `differs: ${JSON.stringify(answer.error ?? answer.rows?.slice(0, 2))} and ${JSON.stringify(peer.rows.slice(0, 2))}`));
}
process.exit(differs === 0 ? 0 : 1);
