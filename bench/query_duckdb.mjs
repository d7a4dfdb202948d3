// DuckDB's figure for what query_bench asks, over the same messages as NDJSON, on one thread.
//   node bench/query_duckdb.mjs FILE   (after `npm ci` in tests/duckdb)
import { createRequire } from 'node:module';
const require = createRequire(new URL('../tests/duckdb/package.json', import.meta.url));
const { DuckDBInstance } = require('@duckdb/node-api');

const duck = await (await DuckDBInstance.create(':memory:')).connect();
await duck.run('SET threads = 1');
const from = `read_ndjson('${process.argv[2].replaceAll("'", "''")}')`;
for (const sql of [`SELECT device, temp * 1.8 + 32 AS f FROM ${from} WHERE temp > 35`,
  `SELECT device, count(*), avg(temp) FROM ${from} GROUP BY device`]) {
  const begin = process.cpuUsage();
  const rows = (await duck.runAndReadAll(`SELECT count(*), sum(hash(x)) FROM (${sql}) x`)).getRows();
  const used = process.cpuUsage(begin);
  console.log(`${(1 / ((used.user + used.system) / 1e6)).toFixed(2)} M rows/s of one core, ${rows[0][0]} rows given: ${sql}`);
}
