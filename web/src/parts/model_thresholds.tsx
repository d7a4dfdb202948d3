// Which threshold raises how many alarms: a slider over those that the server counted, and the one that it suggests.

import {useState} from 'preact/hooks';
import {thresholdCounts, type ThresholdCount, type ThresholdCounts} from '../net/model_thresholds';
import type {Model} from '../net/types';
import {count} from '../state/format';
import {param} from '../state/route';
import {may} from '../state/session';
import {text} from '../texts_models';
import {Action} from '../ui/action';
import {Chart} from '../ui/chart';
import {shownRange} from '../ui/range';
import {Empty} from '../ui/states';
import {figureOf} from './figures';

const fallback = '24h';

function saidOf({alarms, per_week, kept_true = 0, spared_false = 0}: ThresholdCount, {labelled_true = 0, labelled_false = 0}: ThresholdCounts): string {
  const labelled = labelled_true + labelled_false === 0 ? ''
    : text.labelled(count(kept_true), count(labelled_true), count(spared_false), count(labelled_false));
  return text.alarmsAt(count(alarms), per_week === undefined ? '' : figureOf(per_week), labelled);
}

function Slider({counts, take}: {counts: ThresholdCounts; take: (threshold: number) => void}) {
  const {thresholds, threshold: own, suggested} = counts;
  const [place, setPlace] = useState(() => Math.max(0, thresholds.findIndex(one => one.threshold === (suggested ?? own))));
  const chosen = thresholds[place];
  if (!chosen) return <Empty>{text.nothingCounted}</Empty>;
  return (
    <>
      <p class="soft">{text.countedOver(count(counts.samples), count(counts.devices))}</p>
      <p class="note">{suggested === null || suggested === undefined ? text.noSuggestion : text.suggests(figureOf(suggested), figureOf(own))}</p>
      <div class="row">
        <label>{text.threshold}{' '}
          <input type="range" min={0} max={thresholds.length - 1} value={place} aria-valuetext={figureOf(chosen.threshold)}
            onInput={event => setPlace(Number(event.currentTarget.value))} />
        </label>
        <output><b>{figureOf(chosen.threshold)}</b>: {saidOf(chosen, counts)}</output>
        {may('models', 'manage') && <button type="button" onClick={() => take(chosen.threshold)}>{text.intoDefinition}</button>}
      </div>
      <Chart label={text.alarmsByThreshold} style="bar" times={thresholds.map((_, index) => index)} names={thresholds.map(one => figureOf(one.threshold))}
        lines={[{label: text.alarmsRaised, values: thresholds.map(one => one.alarms)}]} />
    </>
  );
}

// `take` is told which threshold is to stand in the definition.
export function ModelThresholds({model, take}: {model: Model; take: (threshold: number) => void}) {
  const [perWeek, setPerWeek] = useState(1);
  const [counts, setCounts] = useState<ThresholdCounts>();
  const ask = async () => {
    setCounts(undefined);
    setCounts(await thresholdCounts(model.name, param('device'), shownRange(fallback), perWeek));
  };
  return (
    <section>
      <h3>{text.thresholds}</h3>
      <p class="soft">{text.thresholdsHelp(param('device'))}</p>
      <div class="row">
        <label>{text.perWeek}{' '}
          <input type="number" min={0} step="any" value={perWeek} onInput={event => setPerWeek(Math.max(0, event.currentTarget.valueAsNumber || 0))} />
        </label>
        <Action run={ask}>{text.countAlarms}</Action>
      </div>
      {counts && <Slider counts={counts} take={take} />}
    </section>
  );
}
