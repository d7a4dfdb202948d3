import {useState} from 'preact/hooks';
import {at, json} from '../net/api';
import {usePolled} from '../net/poll';
import {readRecords} from '../net/records';
import type {LogRecord, Rule, RuleTrial, Stream} from '../net/types';
import {link} from '../state/route';
import {may} from '../state/session';
import {t} from '../texts';
import {Action} from '../ui/action';
import {Editor, SqlEditor} from '../ui/editor';
import {Table} from '../ui/table';

const text = t.rules;
const recordedMax = 200;
const example = `CREATE RULE hot AS
  SELECT device, temperature FROM 'plant/+/telemetry'
  ALARM 'too hot' PER device SEVERITY 'major'
    RAISE WHEN temperature > 90 CLEAR WHEN temperature < 85`;
const exampleEvents = '[{"topic": "plant/press-1/telemetry", "device": "press-1", "payload": {"temperature": 95}, "ts": 0}]';

// Times go as they are, so that windows of the trial are those of the recording. The key of what came
// over the bridge is its device.
const eventOf = ({topic, key, value, ts}: LogRecord) => ({topic, device: key, payload: value, ts});

async function recordedEvents(stream: Stream): Promise<string> {
  const share = Math.ceil(recordedMax / stream.partitions.length);
  const pages = await Promise.all(stream.partitions.map(one =>
    readRecords(stream.name, one.partition, Math.max(one.log_start_offset, one.high_watermark - share), share)));
  const events = pages.flat().filter(record => record.topic !== undefined && record.value !== undefined)
    .sort((a, b) => a.ts - b.ts).map(eventOf);
  return `[${events.map(event => JSON.stringify(event)).join(',\n ')}]`;
}

// Tells what came of it, besides.
async function noted<T>(asked: Promise<T>, tell: (failure: Error | undefined) => void): Promise<T> {
  try {
    const answer = await asked;
    tell(undefined);
    return answer;
  } catch (reason) {
    tell(reason as Error);
    throw reason;
  }
}

function Outcome({trial}: {trial: RuleTrial}) {
  const columns = [{title: text.result, cell: (value: unknown) => <code>{JSON.stringify(value)}</code>}];
  const all = [...trial.alarms, ...trial.messages, ...trial.rows];
  return (
    <div role="status">
      {trial.last_error && <p class="failure">{trial.last_error}</p>}
      <p class="soft">{Object.entries(trial.counts).map(([name, value]) => `${name} ${value}`).join(', ')}</p>
      <Table label={text.result} columns={columns} rows={all} keyOf={(_, index) => index} />
    </div>
  );
}

function Trial({sql, tried}: {sql: string; tried: (failure: Error | undefined) => void}) {
  const {value: streams} = usePolled<Stream[]>('/api/v1/streams', 60_000);
  const [events, setEvents] = useState(exampleEvents);
  const [chosen, setChosen] = useState('');
  const [trial, setTrial] = useState<RuleTrial>();
  const stream = streams?.find(one => one.name === chosen) ?? streams?.[0];
  const run = async () => {
    let parsed: unknown;
    try {
      parsed = JSON.parse(events);
    } catch {
      throw new Error(text.notJson);
    }
    setTrial(await noted(json<RuleTrial>('/api/v1/rules/test', {method: 'POST', body: {sql, events: parsed}}), tried));
  };
  return (
    <section class="card">
      <h2>{text.try}</h2>
      <p class="soft">{text.tryHelp}</p>
      <Editor label={text.events} value={events} change={setEvents} rows={6} />
      <div class="row">
        <Action run={run} isMain>{text.try}</Action>
        <label>{text.recordedFrom}{' '}
          <select value={stream?.name} onChange={event => setChosen(event.currentTarget.value)}>
            {streams?.map(one => <option key={one.name}>{one.name}</option>)}
          </select>
        </label>
        {stream && <Action run={async () => setEvents(await recordedEvents(stream))}>{text.recorded}</Action>}
      </div>
      {trial && <Outcome trial={trial} />}
    </section>
  );
}

// Of a rule that is there, or of a new one.
export function RuleEditor({rule}: {rule?: Rule}) {
  const [sql, setSql] = useState(rule?.sql ?? example);
  const [failure, setFailure] = useState<Error>();
  const save = async () => {
    const path = rule ? at('rules', rule.name) : '/api/v1/rules';
    const made = await noted(json<Rule>(path, {method: rule ? 'PUT' : 'POST', body: sql}), setFailure);
    location.hash = link('rules', made.name);
  };
  return (
    <>
      <SqlEditor label={text.statement} value={sql} change={setSql} rows={10} error={failure} />
      {may('rules', 'manage') && <Action run={save} isMain>{text.save}</Action>}
      <Trial sql={sql} tried={setFailure} />
    </>
  );
}
