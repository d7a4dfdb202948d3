// Generated queries: [ours, DuckDB's, whether the order of rows counts].

const both = (text) => [text, text];
// Puts pairs together: join`(${a} + ${b})`.
function join(strings, ...parts) {
  const side = (which) => strings.reduce((out, text, n) =>
    out + text + (n < parts.length ? (Array.isArray(parts[n]) ? parts[n][which] : parts[n]) : ''), '');
  return [side(0), side(1)];
}

const ints = [both('i'), ['"odd key"', 'odd'], ['arr[0]', 'arr0'], ['arr[-1]', 'arr_last'], ['n.b.c', 'n_b_c']];
const nums = [...ints, both('d'), ['n.a', 'n_a'], ['(m + 0)', 'm_num']];
const txts = [both('t'), both('device')];

export class Queries {
  constructor(random) { this.random = random; }

  num(depth = 2) {
    const r = this.random;
    if (depth === 0 || r.chance(0.3)) return r.chance(0.8) ? r.pick(nums) : both(r.pick(['1', '2.5', '-3', '0']));
    const a = () => this.num(depth - 1);
    return r.pick([
      () => join`(${a()} + ${a()})`, () => join`(${a()} - ${a()})`, () => join`(${a()} * ${a()})`,
      () => join`(${a()} / ${a()})`, () => join`abs(${a()})`, () => join`round(${a()})`,
      () => { const x = r.pick(ints), y = r.pick(ints); return [`(${x[0]} DIV ${y[0]})`, `(${x[1]} // ${y[1]})`]; },
      () => join`(${r.pick(ints)} % ${r.pick(ints)})`,
      () => join`coalesce(${a()}, ${a()})`, () => join`greatest(${a()}, ${a()})`,
      () => join`CASE WHEN ${this.bool(depth - 1)} THEN ${a()} ELSE ${a()} END`,
      () => join`length(${this.text()})`, () => join`floor(${a()})`, () => join`ceil(${a()})`,
      () => join`date_part('${r.pick(['hour', 'minute', 'day', 'dow', 'isodow', 'doy', 'week', 'month', 'year'])}', ts)`,
      () => join`sign(${a()})`, () => join`nullif(${a()}, ${a()})`, () => join`(- ${a()})`,
    ])();
  }
  text(depth = 1) {
    const r = this.random;
    if (depth === 0 || r.chance(0.5)) return r.pick(txts);
    const a = () => this.text(depth - 1);
    return r.pick([
      () => join`(${a()} || ${a()})`, () => join`substr(${a()}, ${r.below(4) + 1}, ${r.below(4)})`,
      () => join`replace(${a()}, 'o', '00')`, () => join`trim(${a()})`, () => join`left(${a()}, ${r.below(3)})`,
      () => join`reverse(${a()})`, () => join`lpad(${a()}, 5, '*')`, () => join`split_part(${a()}, ' ', 1)`,
      () => join`CASE WHEN ${this.bool(0)} THEN ${a()} END`, () => join`repeat(${a()}, 2)`,
    ])();
  }
  bool(depth = 2) {
    const r = this.random;
    const op = r.pick(['=', '<>', '<', '<=', '>', '>=']);
    const simple = [
      () => join`(${this.num(1)} ${op} ${this.num(1)})`, () => join`(${r.pick(txts)} ${op} '${r.pick(['a', 'd3', 'motor'])}')`,
      () => join`(${r.pick(nums)} IS ${r.pick(['', 'NOT '])}NULL)`, () => both('b'),
      () => join`(big ${op} ${String((1n << 55n) + BigInt(r.below(9)))})`,
      () => join`(${this.num(1)} ${r.pick(['', 'NOT '])}BETWEEN ${this.num(0)} AND ${this.num(0)})`,
      () => join`(i ${r.pick(['', 'NOT '])}IN (1, 2, 3${r.chance(0.3) ? ', NULL' : ''}))`,
      () => join`(t LIKE '${r.pick(['%o%', 'M_tor', '%', 'a', '_'])}')`,
      () => join`(${this.num(0)} IS DISTINCT FROM ${this.num(0)})`,
    ];
    if (depth === 0 || r.chance(0.4)) return r.pick(simple)();
    const a = () => this.bool(depth - 1);
    return r.pick([() => join`(${a()} AND ${a()})`, () => join`(${a()} OR ${a()})`, () => join`(NOT ${a()})`,
      ...simple])();
  }
  where() { return this.random.chance(0.6) ? join` WHERE ${this.bool()}` : both(''); }

  aggregate() {
    const r = this.random;
    const filter = r.chance(0.2) ? join` FILTER (WHERE ${this.bool(1)})` : both('');
    const x = this.num(1);
    const of = (name) => join`${name}(${x})${filter}`;
    return r.pick([
      () => join`count(*)${filter}`, () => of('count'), () => of('sum'), () => of('avg'), () => of('min'), () => of('max'),
      () => of('stddev'), () => [`var(${x[0]})${filter[0]}`, `var_samp(${x[1]})${filter[1]}`], () => of('median'),
      () => join`quantile_disc(${x}, 0.3)${filter}`, () => join`quantile_cont(${x}, 0.9)${filter}`,
      () => join`count(DISTINCT ${x})`, () => join`sum(DISTINCT ${r.pick(ints)})`, () => join`corr(${x}, ${this.num(0)})`,
      () => join`regr_slope(${x}, ${this.num(0)})`, () => { const b = this.bool(1); return [`count_if(${b[0]})`, `coalesce(count_if(${b[1]}), 0)`]; },
      () => [`min_by(t, offset)${filter[0]}`, `min_by(t, ofs)${filter[1]}`],
      () => [`max_by(t, offset)${filter[0]}`, `max_by(t, ofs)${filter[1]}`],
      () => ["string_agg(t, ',')", "string_agg(t, ',' ORDER BY ofs)"],
      () => ['first(i)', 'first(i ORDER BY ofs) FILTER (WHERE i IS NOT NULL)'],
      () => ['last(i)', 'last(i ORDER BY ofs) FILTER (WHERE i IS NOT NULL)'],
      () => both('max(big)'), () => both('min(t)'), () => both('sum(big)'),
    ])();
  }
  key() {
    const r = this.random;
    return r.pick([both('device'), both('i'), both('b'), both('t'), ['n.b.c', 'n_b_c'], both('big'),
      ['epoch_us(time_bucket(1h, ts))', "epoch_us(time_bucket(INTERVAL '1 hour', ts))"],
      ['epoch_us(date_trunc(\'day\', ts))', "epoch_us(date_trunc('day', ts))"], join`${this.bool(0)}`,
      join`(${r.pick(ints)} % 3)`]);
  }
  window() {
    const r = this.random;
    const frame = r.pick(['', ' ROWS 2 PRECEDING', ' ROWS BETWEEN 1 PRECEDING AND 2 FOLLOWING',
      ' ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING', ' ROWS BETWEEN 3 PRECEDING AND 1 PRECEDING']);
    const [partition] = [r.pick(['', 'PARTITION BY device ', 'PARTITION BY b '])];
    const over = (order, rows = '') => [`OVER (${partition}ORDER BY ${order[0]}${rows})`, `OVER (${partition}ORDER BY ${order[1]}${rows})`];
    const unique = ['offset', 'ofs'];
    const x = r.pick(nums);
    return r.pick([
      () => join`row_number() ${over(unique)}`, () => join`rank() ${over(both('i'))}`, () => join`dense_rank() ${over(both('t DESC'))}`,
      () => join`lag(${x}) ${over(unique)}`, () => join`lead(${x}, 2, 7) ${over(unique)}`, () => join`sum(${x}) ${over(unique, frame)}`,
      () => join`avg(${x}) ${over(unique, frame)}`, () => join`count(${x}) ${over(unique, frame)}`, () => join`max(${x}) ${over(unique, frame)}`,
      () => join`first_value(${x}) ${over(unique, frame)}`, () => join`last_value(${x}) ${over(unique, frame)}`,
      () => join`sum(${r.pick(ints)}) ${over(both('i'))}`,
      () => [`count(*) OVER (${partition}ORDER BY ts RANGE 1h PRECEDING)`,
        `count(*) OVER (${partition}ORDER BY ts RANGE INTERVAL '1 hour' PRECEDING)`],
    ])();
  }

  rows() {
    const items = Array.from({ length: 1 + this.random.below(3) }, () => this.random.pick([() => this.num(), () => this.text(), () => this.bool()])());
    const list = items.reduce((a, b) => join`${a}, ${b}`);
    return [...join`SELECT ${list} FROM r${this.where()} ORDER BY ${['offset', 'ofs']}${this.random.chance(0.4) ? ` LIMIT ${this.random.below(20)} OFFSET ${this.random.below(5)}` : ''}`, true];
  }
  groups() {
    const r = this.random;
    const key = this.key(), aggregate = this.aggregate(), other = this.aggregate();
    const having = r.chance(0.3) ? both(' HAVING count(*) > 3') : both('');
    return [...join`SELECT ${key} AS k, ${aggregate} AS x, ${other} AS y FROM r${this.where()} GROUP BY ${key}${having}`, false];
  }
  tumbles() {
    const aggregate = this.aggregate();
    return [`SELECT device, epoch_us(window_start), ${aggregate[0]} FROM r GROUP BY device, TUMBLE(30m)`,
      `SELECT device, epoch_us(time_bucket(INTERVAL '30 minutes', ts)), ${aggregate[1]} FROM r GROUP BY 1, 2`, false];
  }
  whole() { return [...join`SELECT ${this.aggregate()} AS x, ${this.aggregate()} AS y FROM r${this.where()}`, false]; }
  windows() {
    const qualify = this.random.chance(0.2)
      ? [' QUALIFY row_number() OVER (PARTITION BY device ORDER BY offset) <= 3', ' QUALIFY row_number() OVER (PARTITION BY device ORDER BY ofs) <= 3'] : both('');
    return [...join`SELECT ${['offset', 'ofs']}, ${this.window()} AS x, ${this.window()} AS y FROM r${this.where()}${qualify}`, false];
  }
  joins() {
    const r = this.random;
    const kind = r.pick(['JOIN', 'LEFT JOIN', 'ANTI JOIN']);
    const on = r.pick([both('a.device = b.device AND a.i = b.i'), ['a.i = b.arr[0]', 'a.i = b.arr0'], both('a.t = b.t AND a.d < b.d')]);
    const items = kind === 'ANTI JOIN' ? ['a.offset, a.t', 'a.ofs, a.t'] : ['a.offset, b.offset, b.t', 'a.ofs, b.ofs, b.t'];
    return [...join`SELECT ${items} FROM r a ${kind} r b ON ${on} WHERE ${['a.offset', 'a.ofs']} < 60`, false];
  }
  nested() {
    const r = this.random;
    const inner = join`SELECT device, ${this.num(1)} AS x FROM r${this.where()}`;
    return r.pick([
      () => [...join`SELECT device, sum(x), count(*) FROM (${inner}) s GROUP BY device`, false],
      () => [...join`WITH s AS (${inner}) SELECT max(x) - min(x), count(DISTINCT device) FROM s`, false],
      () => [...join`SELECT DISTINCT ${this.key()}, b FROM r`, false],
      () => [...join`SELECT device, i FROM r WHERE ${this.bool(1)} UNION ALL SELECT t, i FROM r WHERE ${this.bool(1)}`, false],
      () => [...join`WITH s AS (${inner}) SELECT s.device, x FROM s ANTI JOIN (SELECT device FROM r WHERE i = 3) u ON s.device = u.device`, false],
    ])();
  }
  next() {
    return this.random.pick([() => this.rows(), () => this.rows(), () => this.groups(), () => this.groups(), () => this.whole(),
      () => this.windows(), () => this.joins(), () => this.nested(), () => this.tumbles()])();
  }
}
