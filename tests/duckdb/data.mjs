// Messy records, and the same as a DuckDB table whose columns are what each path means.

const texts = ['', 'a', 'Motor', 'motor', 'b c', "it's", 'käse', '日本', '10', 'x'.repeat(40)];

function number(random) {
  // DuckDB's column is DOUBLE, so integers stay where products of four are exact in both
  const all = [() => String(random.below(10)), () => String(-random.below(1000)),
    () => (random.unit() * 100).toFixed(3), () => '0', () => String(random.below(9000))];
  return random.pick(all)();
}

// JSON texts of the members of one record; those left out are missing.
function members(random) {
  const out = {};
  const maybe = (name, make, missing = 0.15) => {
    if (random.chance(missing)) return;
    out[name] = random.chance(0.1) ? 'null' : make();
  };
  maybe('i', () => String(random.below(20) - 5));
  maybe('big', () => String((BigInt(random.below(1 << 30)) << 27n) + BigInt(random.below(4))));
  maybe('d', () => (random.unit() * 200 - 50).toFixed(2) + '5');
  maybe('t', () => JSON.stringify(random.pick(texts)));
  maybe('b', () => random.pick(['true', 'false']));
  maybe('m', () => random.pick([number(random), JSON.stringify(random.pick(texts)), 'true', '[1]', '{}']));
  maybe('odd key', () => String(random.below(5)));
  maybe('n', () => `{"a": ${random.below(50) / 4}, "b": {"c": ${random.below(3)}}}`);
  maybe('arr', () => `[${Array.from({ length: random.below(4) }, () => random.below(9)).join(', ')}]`);
  return out;
}

export function makeRecords(random, count) {
  const records = [];
  const start = Date.UTC(2024, 2, 30, 20);
  for (let n = 0; n < count; ++n) {
    if (n > 0 && random.chance(0.05)) { // sent twice
      records.push(records[random.below(n)]);
      continue;
    }
    const us = BigInt(start + random.below(36 * 3600 * 1000)) * 1000n + BigInt(random.below(1000));
    records.push({ device: `d${random.below(6)}`, us, members: members(random) });
  }
  return records;
}

export function recordLine(record) {
  const body = Object.entries(record.members).map(([k, v]) => `${JSON.stringify(k)}: ${v}`);
  body.push(`"ts": ${record.us}`);
  const arrival = Date.UTC(2024, 3, 2);
  return `record ${arrival} t/${record.device} {${body.join(', ')}}`;
}

const quoted = (text) => `'${text.replaceAll("'", "''")}'`;

function duckRow(record, offset) {
  const m = record.members;
  const raw = (name) => (m[name] === undefined || m[name] === 'null' ? null : m[name]);
  const text = (name) => (raw(name) === null ? 'NULL' : quoted(JSON.parse(raw(name))));
  const plain = (name) => raw(name) ?? 'NULL';
  const mixed = raw('m');
  const isText = mixed !== null && mixed.startsWith('"');
  const isNumber = mixed !== null && /^-?\d/.test(mixed);
  const n = raw('n') === null ? null : JSON.parse(raw('n'));
  const arr = raw('arr') === null ? [] : JSON.parse(raw('arr'));
  const at = (value) => (value === undefined ? 'NULL' : String(value));
  return `(${[offset, quoted(record.device), `make_timestamp(${record.us}::BIGINT)`, plain('i'), plain('big'),
    raw('d') === null ? 'NULL' : `${raw('d')}::DOUBLE`, text('t'), plain('b'),
    isNumber ? `${mixed}::DOUBLE` : 'NULL', isText ? text('m') : 'NULL', plain('odd key'),
    n === null ? 'NULL' : `${n.a}::DOUBLE`, n === null ? 'NULL' : n.b.c, at(arr[0]), at(arr.at(-1))].join(', ')})`;
}

export async function loadDuck(connection, records) {
  await connection.run(`CREATE TABLE r (ofs BIGINT, device VARCHAR, ts TIMESTAMP, i BIGINT, big BIGINT,
    d DOUBLE, t VARCHAR, b BOOLEAN, m_num DOUBLE, m_text VARCHAR, odd BIGINT, n_a DOUBLE, n_b_c BIGINT,
    arr0 BIGINT, arr_last BIGINT)`);
  const rows = records.map(duckRow);
  for (let at = 0; at < rows.length; at += 500)
    await connection.run(`INSERT INTO r VALUES ${rows.slice(at, at + 500).join(', ')}`);
}
