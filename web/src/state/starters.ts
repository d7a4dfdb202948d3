// Notebooks to begin with. They ask by topic, so they work on what the simulator says whatever its
// streams are called.

import type {Notebook} from '../net/notebooks';

const within = 'ts >= :from AND ts < :to';

const fleet: Notebook = {
  title: 'Fleet overview',
  refresh_s: 30,
  params: [{name: 'hot', label: 'Hot from (°C)', kind: 'number', value: 105}],
  paragraphs: [
    {kind: 'markdown', text: 'What cars say on `fleet/+/telemetry` in the time range.'},
    {kind: 'sql', show: 'number', text:
      `SELECT count(DISTINCT device) AS cars, count(*) AS messages, round(avg(speed), 1) AS mean_speed,\n  max(coolant) AS hottest\nFROM 'fleet/+/telemetry' WHERE ${within}`},
    {kind: 'sql', show: 'line', text:
      `SELECT time_bucket(10s, ts) AS at, avg(speed) AS speed, avg(coolant) AS coolant\nFROM 'fleet/+/telemetry' WHERE ${within}\nGROUP BY time_bucket(10s, ts) ORDER BY at`},
    {kind: 'markdown', text: '## Cars whose coolant was hot'},
    {kind: 'sql', show: 'table', text:
      `SELECT device, max(coolant) AS hottest, count(*) AS messages\nFROM 'fleet/+/telemetry' WHERE ${within} AND coolant > :hot\nGROUP BY device ORDER BY hottest DESC LIMIT 20`},
    {kind: 'markdown', text: '## Engine speed and speed'},
    {kind: 'sql', show: 'scatter', text:
      `SELECT device, avg(speed) AS speed, avg(rpm) AS rpm\nFROM 'fleet/+/telemetry' WHERE ${within} GROUP BY device`},
  ],
};

const lifts: Notebook = {
  title: 'Lift health',
  refresh_s: 30,
  params: [{name: 'lift', label: 'Lift (% for any)', kind: 'text', value: '%'}],
  paragraphs: [
    {kind: 'markdown', text: 'Motor current, vibration and temperature of lifts, from `lift/+/state`.'},
    {kind: 'sql', show: 'number', text:
      `SELECT count(DISTINCT device) AS lifts, max(motor_current) AS current, max(vibration) AS vibration,\n  max(temperature) AS temperature\nFROM 'lift/+/state' WHERE ${within} AND device LIKE :lift`},
    {kind: 'sql', show: 'line', text:
      `SELECT time_bucket(10s, ts) AS at, max(motor_current) AS current, max(temperature) AS temperature\nFROM 'lift/+/state' WHERE ${within} AND device LIKE :lift\nGROUP BY time_bucket(10s, ts) ORDER BY at`},
    {kind: 'markdown', text: '## Where it shakes most'},
    {kind: 'sql', show: 'bar', text:
      `SELECT device, max(vibration) AS vibration\nFROM 'lift/+/state' WHERE ${within} AND device LIKE :lift\nGROUP BY device ORDER BY vibration DESC LIMIT 20`},
    {kind: 'markdown', text: '## Alarms'},
    {kind: 'sql', show: 'table', text:
      'SELECT device, name, "severity", state, raised_at\nFROM alarms WHERE device LIKE :lift ORDER BY raised_at DESC LIMIT 20'},
  ],
};

const quality: Notebook = {
  title: 'Data quality',
  params: [{name: 'stream', label: 'Topic', kind: 'choice', value: 'fleet/%', choices: ['fleet/%', 'lift/%', '%']}],
  paragraphs: [
    {kind: 'markdown', text: 'Who is silent, who says too much, and how late it comes.'},
    {kind: 'sql', show: 'line', text:
      `SELECT time_bucket(10s, ts) AS at, count(*) AS messages, count(DISTINCT device) AS devices\nFROM '#' WHERE ${within} AND topic LIKE :stream\nGROUP BY time_bucket(10s, ts) ORDER BY at`},
    {kind: 'markdown', text: '## Silent for longest'},
    {kind: 'sql', show: 'table', text:
      `SELECT topic, max(ts) AS last, count(*) AS messages\nFROM '#' WHERE ${within} AND topic LIKE :stream\nGROUP BY topic ORDER BY last LIMIT 20`},
    {kind: 'markdown', text: '## Talks most'},
    {kind: 'sql', show: 'bar', text:
      `SELECT topic, count(*) AS messages\nFROM '#' WHERE ${within} AND topic LIKE :stream\nGROUP BY topic ORDER BY messages DESC LIMIT 20`},
  ],
};

// By the name behind the colon in an address, which no saved notebook can have.
export const starters: Readonly<Record<string, Notebook>> = {':fleet': fleet, ':lifts': lifts, ':quality': quality};
