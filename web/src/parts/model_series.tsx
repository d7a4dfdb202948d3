// What a detector sees of one device over time: its score, each signal with the band that it was expected in, and what
// the largest score was made of. Nothing is asked for until a device is chosen: the server replays it.

import {useEffect, useState} from 'preact/hooks';
import {withQuery} from '../net/api';
import {modelSeries, peakOf, type Seen} from '../net/model_series';
import {usePolled} from '../net/poll';
import type {DeviceSummary, Model} from '../net/types';
import {time} from '../state/format';
import {param, setParams} from '../state/route';
import {text} from '../texts_models';
import {Chart} from '../ui/chart';
import {RangePicker, isFixed, moved, shownRange} from '../ui/range';
import {Empty, Failure} from '../ui/states';
import {saidOf} from './detector_details';
import {figureOf} from './figures';
import {Shares} from './shares';

const fallback = '24h';
const listedMax = 50;
const chartsMax = 8;

// Devices of the model's stream whose name has what is typed.
function DevicePicker({stream}: {stream: string}) {
  const [typed, setTyped] = useState(param('device'));
  const {value} = usePolled<{devices: DeviceSummary[]}>(withQuery('/api/v1/devices', {stream, search: typed, limit: listedMax}), 30_000);
  return (
    <label>{text.device}{' '}
      <input list="model-devices" value={typed} autocomplete="off" onInput={event => setTyped(event.currentTarget.value)}
        onChange={event => setParams({device: event.currentTarget.value})} />
      <datalist id="model-devices">{value?.devices.map(one => <option key={one.device} value={one.device} />)}</datalist>
    </label>
  );
}

function useSeen(model: string, device: string, round: number) {
  const [seen, setSeen] = useState<Seen>();
  const [error, setError] = useState<Error>();
  const range = [param('from'), param('to'), param('range')].join('\n');
  useEffect(() => {
    setSeen(undefined);
    setError(undefined);
    if (device === '') return;
    const gone = new AbortController();
    modelSeries(model, device, shownRange(fallback), gone.signal).then(setSeen, (reason: Error) => {
      if (!gone.signal.aborted) setError(reason);
    });
    return () => gone.abort();
  }, [model, device, range, round]);
  return {seen, error};
}

// What the largest score was made of.
function Peak({seen}: {seen: Seen}) {
  const at = peakOf(seen);
  const shares = seen.signals.flatMap(({name, shares: all, values, low, high}) => {
    const part = all[at];
    if (part === null || part === undefined || part <= 0) return [];
    return [{name, part, note: saidOf({value: values[at], expected_low: low[at], expected_high: high[at]})}];
  });
  if (at < 0 || shares.length === 0) return null;
  const context = seen.contexts[at];
  return (
    <section>
      <h4>{text.peak(figureOf(seen.scores[at]), time(1000 * seen.times[at]!))}</h4>
      {context && <p class="soft"><bdi>{context}</bdi></p>}
      <Shares shares={shares} />
    </section>
  );
}

function Charts({seen}: {seen: Seen}) {
  const {from, to} = shownRange(fallback);
  const range = {fromS: from / 1000, toS: to / 1000};
  const zoom = (fromS: number, toS: number) =>
    setParams({from: String(Math.floor(fromS * 1000)), to: String(Math.ceil(toS * 1000))});
  if (seen.times.length === 0) return <Empty>{text.nothingSeen}</Empty>;
  const learnt = seen.isWarm.lastIndexOf(false);
  const alarmed = seen.scores.map((score, place) => (seen.isAlarmed[place] ? score : null));
  return (
    <>
      {learnt >= 0 && <p class="note">{text.learnedUntil(time(1000 * seen.times[learnt]!))}</p>}
      <figure>
        <figcaption>{text.score}</figcaption>
        <Chart label={text.scoreOverTime} times={seen.times} range={range} zoom={zoom}
          lines={[{label: text.score, values: seen.scores}, {label: text.threshold, values: seen.thresholds, isEdge: true},
            {label: text.inAlarm, values: alarmed}]} />
      </figure>
      {seen.signals.slice(0, chartsMax).map(({name, values, low, high}) => (
        <figure key={name}>
          <figcaption><bdi>{name}</bdi></figcaption>
          <Chart label={text.signalOverTime(name)} times={seen.times} range={range} zoom={zoom} bands={[{low: 1, high: 2}]}
            lines={[{label: name, values}, {label: text.low, values: low, isEdge: true}, {label: text.high, values: high, isEdge: true}]} />
        </figure>
      ))}
      <Peak seen={seen} />
    </>
  );
}

export function ModelSeries({model}: {model: Model}) {
  const device = param('device');
  const [round, setRound] = useState(0);
  const {seen, error} = useSeen(model.name, device, round);
  return (
    <section>
      <h3>{text.sees}</h3>
      <div class="row filters">
        <DevicePicker key={device} stream={model.source} />
        <RangePicker fallback={fallback} />
        <button type="button" onClick={() => moved(-0.5)} aria-label={text.earlier}>◀</button>
        <button type="button" onClick={() => moved(0.5)} aria-label={text.later}>▶</button>
        {device !== '' && !isFixed() && <button type="button" onClick={() => setRound(round + 1)}>{text.askAgain}</button>}
      </div>
      <Failure error={error} />
      {device === '' ? <Empty>{text.chooseDevice}</Empty> : seen ? <Charts seen={seen} /> : !error && <Empty>{text.replaying}</Empty>}
    </section>
  );
}
