import type {ComponentChildren} from 'preact';
import {useMemo} from 'preact/hooks';
import {useAlarmChanges} from '../net/live';
import {usePolled} from '../net/poll';
import type {Alarm} from '../net/types';
import {bytes, count, rate} from '../state/format';
import {metric, metrics, points} from '../state/metrics';
import {link} from '../state/route';
import {may, me} from '../state/session';
import {t} from '../texts';
import {Chart} from '../ui/chart';
import {Asked, Empty} from '../ui/states';
import {AlarmTable} from './alarms';

const text = t.overview;

function Figure({name, value, unit}: {name: string; value: ComponentChildren; unit?: string}) {
  return (
    <div class="card figure">
      <dt>{name}</dt>
      <dd><b>{value}</b> {unit}</dd>
    </div>
  );
}

function Figures() {
  const last = points.value.at(-1);
  const shown = (value: number | undefined) => (value === undefined ? '–' : rate(value));
  return (
    <dl class="figures">
      <Figure name={text.received} value={shown(last?.received)} unit={text.perSecond} />
      <Figure name={text.delivered} value={shown(last?.delivered)} unit={text.perSecond} />
      <Figure name={text.stored} value={shown(last?.stored)} unit={text.perSecond} />
      <Figure name={text.clients} value={count(metric('mqtt_clients'))} />
      <Figure name={text.subscriptions} value={count(metric('mqtt_subscriptions'))} />
      <Figure name={text.dropped} value={count(metric('mqtt_messages_dropped_total'))} unit={text.sinceStart} />
      <Figure name={text.disk} value={bytes(metric('log_disk_bytes'))}
        unit={`${bytes(metric('log_disk_free_bytes'))} ${text.free}`} />
      <Figure name={text.memory} value={bytes(metric('queued_bytes'))} />
    </dl>
  );
}

function Messages() {
  const all = points.value;
  const times = useMemo(() => all.map(point => point.at_s), [all]);
  const lines = useMemo(() => [
    {label: text.received, values: all.map(point => point.received)},
    {label: text.delivered, values: all.map(point => point.delivered)},
    {label: text.stored, values: all.map(point => point.stored)},
  ], [all]);
  return <Chart label={text.chart} times={times} lines={lines} />;
}

function NewestAlarms() {
  const {value, error, refresh} = usePolled<Alarm[]>('/api/v1/alarms?state=active&limit=10', 15_000);
  useAlarmChanges(refresh);
  return (
    <section>
      <h2><a href={link('alarms')}>{text.newest}</a></h2>
      <Asked value={value} error={error} empty={text.none}><AlarmTable rows={value ?? []} /></Asked>
    </section>
  );
}

export function Overview() {
  return (
    <>
      {me.value?.has_users === false && <p class="note">{t.withoutUsers}</p>}
      {!may('metrics', 'read') && <Empty>{text.noMetrics}</Empty>}
      {may('metrics', 'read') && metrics.value.size > 0 && (
        <>
          <Figures />
          <section><h2>{text.chart}</h2><Messages /></section>
        </>
      )}
      {may('alarms', 'read') && <NewestAlarms />}
    </>
  );
}
