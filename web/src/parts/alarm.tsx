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
import {saidOf, signalsOf} from './detector_details';
import {isJudged, LabelButtons} from './label';
import {Shares, type Share} from './shares';

const text = t.alarms;
const aroundMs = 15 * 60_000; // shown before the raise and behind the clear
const fieldsMax = 3;

// Of the occurrence that is shown: one that came since has not been seen.
export function acknowledge(alarm: Alarm, comment: string): Promise<unknown> {
  return send(at('alarms', alarm.id, 'ack'), {method: 'POST', body: {comment, occurrence: alarm.occurrence}});
}

function rangeAround(alarm: Alarm): TimeRange {
  return {from: alarm.raised_at - aroundMs, to: (alarm.cleared_at ?? Math.max(Date.now(), alarm.raised_at)) + aroundMs};
}

// The device's numbers, those that the alarm names first: a rule's details by their own names, a detector's as signals.
function fieldsOf(values: Record<string, {value: unknown}>, details: unknown): string[] {
  const named = new Set([...Object.keys((details ?? {}) as object), ...signalsOf(details).map(one => one.signal)]);
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

// Of a cleared alarm the details are those of the moment in which it cleared.
function Why({alarm: {details, state}}: {alarm: Alarm}) {
  const shares: Share[] = signalsOf(details).map(({signal, share, ...said}) => ({name: signal, part: share, note: saidOf(said)}));
  const {since, context} = (details ?? {}) as {since?: unknown; context?: unknown};
  if (shares.length === 0) return null;
  return (
    <section>
      <h3>{state === 'active' ? text.why : text.whyAtEnd}</h3>
      {typeof since === 'number' && <p class="soft">{text.since(time(since))}</p>}
      {typeof context === 'string' && <p class="soft"><bdi>{context}</bdi></p>}
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
      {isJudged(alarm) && <><span>{text.labelHelp}</span><LabelButtons alarm={alarm} comment={comment} done={done} /></>}
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
            <Why alarm={alarm} />
            {may('query', 'read') && <Around key={alarm.occurrence} alarm={alarm} />}
          </>
        ) : <Empty>{text.none}</Empty>}
      </Asked>
    </>
  );
}
