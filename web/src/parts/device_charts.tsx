// What a device said over time: a chart for each field that is chosen, all over one range.

import {useEffect, useState} from 'preact/hooks';
import {poll} from '../net/poll';
import {toCsv} from '../net/query';
import {rowsOf, seriesOf, type Series} from '../net/series';
import {param, setParams} from '../state/route';
import {t} from '../texts';
import {Action} from '../ui/action';
import {Chart} from '../ui/chart';
import {RangePicker, isFixed, moved, shownRange} from '../ui/range';
import {saveAs} from '../ui/save';
import {Empty, Failure} from '../ui/states';

const text = t.devices;
const everyMs = 5_000;
const chartsMax = 8;
const firstCharts = 3;
const eventTimes = ['ts', 'timestamp', 'time']; // as devices say it in a message: not worth a chart unasked

export interface Field {
  name: string;
  value: unknown;
  ts: string;
}

function chosenOf(numbers: readonly string[]): string[] {
  const asked = param('fields');
  // As JSON: a field's name may hold any mark.
  try {
    const names: unknown = asked === '' ? numbers.filter(name => !eventTimes.includes(name)).slice(0, firstCharts) : JSON.parse(asked);
    return Array.isArray(names) ? names.filter(name => numbers.includes(name)).slice(0, chartsMax) : [];
  } catch {
    return [];
  }
}

function Choice({numbers, chosen}: {numbers: readonly string[]; chosen: readonly string[]}) {
  const turn = (name: string) => {
    const next = chosen.includes(name) ? chosen.filter(one => one !== name) : [...chosen, name];
    setParams({fields: JSON.stringify(next)});
  };
  return (
    <fieldset class="row">
      <legend>{text.fields}</legend>
      {numbers.map(name => (
        <label key={name}>
          <input type="checkbox" checked={chosen.includes(name)} disabled={!chosen.includes(name) && chosen.length >= chartsMax}
            onChange={() => turn(name)} />{' '}<bdi>{name}</bdi>
        </label>
      ))}
    </fieldset>
  );
}

function useSeries(stream: string, device: string, chosen: readonly string[]) {
  const [series, setSeries] = useState<Series[]>();
  const [error, setError] = useState<Error>();
  const range = [param('from'), param('to'), param('range')].join('\n');
  useEffect(() => {
    const gone = new AbortController();
    const ask = async () => {
      try {
        const answer = await seriesOf(stream, device, chosen, shownRange(), gone.signal);
        if (gone.signal.aborted) return;
        setSeries(answer);
        setError(undefined);
      } catch (reason) {
        if (gone.signal.aborted) return;
        setError(reason as Error);
        throw reason;
      }
    };
    // What lies between two times that are past does not change.
    const end = isFixed() ? (void ask().catch(() => undefined), undefined) : poll(ask, everyMs);
    return () => {
      gone.abort();
      end?.();
    };
  }, [stream, device, chosen.join('\n'), range]);
  return {series, error};
}

export function DeviceCharts({stream, device, fields}: {stream: string; device: string; fields: readonly Field[]}) {
  const numbers = fields.filter(field => typeof field.value === 'number').map(field => field.name);
  const chosen = chosenOf(numbers);
  const {series, error} = useSeries(stream, device, chosen);
  const range = shownRange();
  const zoom = (fromS: number, toS: number) =>
    setParams({from: String(Math.floor(fromS * 1000)), to: String(Math.ceil(toS * 1000))});
  const save = async () =>
    saveAs(`${device}.csv`, 'text/csv', toCsv(await rowsOf(stream, device, chosen, shownRange())));
  if (numbers.length === 0) return <Empty>{text.noNumbers}</Empty>;
  return (
    <section>
      <div class="row filters">
        <RangePicker />
        <button type="button" onClick={() => moved(-0.5)} aria-label={text.earlier}>◀</button>
        <button type="button" onClick={() => moved(0.5)} aria-label={text.later}>▶</button>
        {isFixed() && <button type="button" onClick={() => setParams({from: undefined, to: undefined})}>{text.live}</button>}
        <Action run={save} isDisabled={chosen.length === 0}>{text.csv}</Action>
        <span class="soft">{text.zoomHelp}</span>
      </div>
      <Choice numbers={numbers} chosen={chosen} />
      <Failure error={error} />
      {series?.map(one => (
        <figure key={one.field}>
          <figcaption><bdi>{one.field}</bdi>{one.times.length === 0 && <span class="soft"> {text.nothing}</span>}</figcaption>
          <Chart label={text.chartOf(one.field)} times={one.times} lines={[{label: one.field, values: one.values}]}
            range={{fromS: range.from / 1000, toS: range.to / 1000}} zoom={zoom} />
        </figure>
      ))}
    </section>
  );
}
