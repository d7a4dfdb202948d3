// One alarm: what raised it, what its device said around it, and what an operator says of it.

import {useEffect, useState} from 'preact/hooks';
import {at, send, withQuery} from '../net/api';
import {useAlarmChanges} from '../net/live';
import {usePolled} from '../net/poll';
import {seriesOf, type Series, type TimeRange} from '../net/series';
import type {Alarm, DeviceLatest} from '../net/types';
import {time} from '../state/format';
import {link, param} from '../state/route';
import {may} from '../state/session';
import {t} from '../texts';
import {Action} from '../ui/action';
import {Chart} from '../ui/chart';
import {Asked, Empty, Failure} from '../ui/states';
import {AlarmTable} from './alarms';
import {isJudged, LabelButtons} from './label';
import {Shares, type Share} from './shares';

const text = t.alarms;
const aroundMs = 15 * 60_000; // shown before the raise and behind the clear
const fieldsMax = 3;
const digits = 4;

// Of the occurrence that is shown: one that came since has not been seen.
export function acknowledge(alarm: Alarm, comment: string): Promise<unknown> {
  return send(at('alarms', alarm.id, 'ack'), {method: 'POST', body: {comment, occurrence: alarm.occurrence}});
}

function rangeAround(alarm: Alarm): TimeRange {
  return {from: alarm.raised_at - aroundMs, to: (alarm.cleared_at ?? Math.max(Date.now(), alarm.raised_at)) + aroundMs};
}

// The device's numbers, those that the alarm names first.
function fieldsOf(values: Record<string, {value: unknown}>, details: unknown): string[] {
  const named = new Set(Object.keys((details ?? {}) as object));
  return Object.keys(values).filter(field => typeof values[field]!.value === 'number')
    .sort((a, b) => Number(named.has(b)) - Number(named.has(a))).slice(0, fieldsMax);
}

function Around({alarm}: {alarm: Alarm}) {
  const {value} = usePolled<DeviceLatest>(alarm.device ? `${at('devices', alarm.device)}/latest` : null, 5_000);
  const said = value?.streams[0];
  const [series, setSeries] = useState<Series[]>();
  const [error, setError] = useState<Error>();
  const range = rangeAround(alarm);
  useEffect(() => {
    if (!said) return;
    const gone = new AbortController();
    seriesOf(said.stream, said.device, fieldsOf(said.values, alarm.details), rangeAround(alarm), gone.signal)
      .then(setSeries, (reason: Error) => {
        if (!gone.signal.aborted) setError(reason);
      });
    return () => gone.abort();
  }, [said?.stream, alarm.occurrence, alarm.cleared_at]);
  if (!alarm.device || !said) return null;
  return (
    <section>
      <h3><a href={link('devices', alarm.device, {from: String(range.from), to: String(range.to)})}>{text.around}: <bdi>{alarm.device}</bdi></a></h3>
      <Failure error={error} />
      {series?.map(one => (
        <figure key={one.field}>
          <figcaption><bdi>{one.field}</bdi></figcaption>
          <Chart label={t.devices.chartOf(one.field)} times={one.times} lines={[{label: one.field, values: one.values}]}
            range={{fromS: range.from / 1000, toS: range.to / 1000}} />
        </figure>
      ))}
    </section>
  );
}

// What a detector says of each signal; of details that say no such thing, nothing is shown.
function sharesOf(details: unknown): Share[] {
  const {signals} = (details ?? {}) as {signals?: unknown};
  if (!Array.isArray(signals)) return [];
  return signals.flatMap((one: Record<string, unknown> | null) => {
    const {signal, share, value, expected_low: low, expected_high: high} = one ?? {};
    if (typeof signal !== 'string' || typeof share !== 'number') return [];
    return [{name: signal, part: share, note: text.wasExpected(numberOf(value), numberOf(low), numberOf(high))}];
  });
}

function numberOf(value: unknown): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(digits))) : text.noValue;
}

function Why({details}: {details: unknown}) {
  const shares = sharesOf(details);
  const {since} = (details ?? {}) as {since?: unknown};
  if (shares.length === 0) return null;
  return (
    <section>
      <h3>{text.why}</h3>
      {typeof since === 'number' && <p class="soft">{text.since(time(since))}</p>}
      <Shares shares={shares} />
    </section>
  );
}

function Say({alarm, refresh}: {alarm: Alarm; refresh: () => void}) {
  const [comment, setComment] = useState('');
  const done = () => {
    setComment('');
    refresh();
  };
  return (
    <div class="row card">
      <label>{text.comment}{' '}<input value={comment} maxLength={250} onInput={event => setComment(event.currentTarget.value)} /></label>
      <Action run={() => acknowledge(alarm, comment)} done={done} isMain>{text.acknowledge}</Action>
      {isJudged(alarm) && <LabelButtons alarm={alarm} comment={comment} done={done} />}
    </div>
  );
}

export function OneAlarm({id}: {id: string}) {
  const {value, error, refresh} = usePolled<Alarm[]>(withQuery('/api/v1/alarms', {source: param('source'), limit: 10_000}), 15_000);
  useAlarmChanges(refresh);
  const alarm = value?.find(one => one.id === id);
  return (
    <>
      <p><a href={link('alarms')}>{text.back}</a></p>
      <Asked value={value} error={error} empty={text.none}>
        {alarm ? (
          <>
            <h2><bdi>{alarm.name}</bdi> <bdi>{alarm.key}</bdi></h2>
            <AlarmTable rows={[alarm]} />
            {may('alarms', 'manage') && <Say alarm={alarm} refresh={refresh} />}
            <Why details={alarm.details} />
            {may('query', 'read') && <Around key={alarm.occurrence} alarm={alarm} />}
          </>
        ) : <Empty>{text.none}</Empty>}
      </Asked>
    </>
  );
}
