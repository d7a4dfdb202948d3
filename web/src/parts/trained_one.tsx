// One trained model: its versions, which is in use, and how one compares to another.

import {at} from '../net/api';
import {usePolled} from '../net/poll';
import {promote, removeVersions, rollBack, type TrainedModel, type Version} from '../net/training';
import type {Alarm} from '../net/types';
import {bytes, time} from '../state/format';
import {go, link, param, setParams} from '../state/route';
import {may} from '../state/session';
import {text} from '../texts_models';
import {Action} from '../ui/action';
import {Failure} from '../ui/states';
import {Table, type Column} from '../ui/table';
import {headlineOf} from './figures';
import {detailOf} from './detector_details';
import {ModelVerdicts} from './model_verdicts';
import {Predictions} from './predictions';
import {linkOfVersion} from './trained_links';
import {TrainedVersion} from './trained_version';
import {VersionComparison} from './version_comparison';

const alarmColumns: Column<Alarm>[] = [
  {title: text.prediction, cell: alarm => detailOf(alarm, 'prediction'), isNumber: true},
  {title: text.bound, cell: alarm => text.beyond(detailOf(alarm, 'above'), detailOf(alarm, 'below')), isNumber: true},
  {title: text.ofVersion, cell: alarm => detailOf(alarm, 'version'), isNumber: true},
];

function columnsOf(model: string, refresh: () => void): Column<Version>[] {
  const shown: Column<Version>[] = [
    {title: text.versions, cell: one => (
      <>
        {one.damage ? text.version(one.version) : <a href={linkOfVersion(model, one.version)}>{text.version(one.version)}</a>}
        {one.promoted && !one.damage && <> <span class="badge running">{text.inUse}</span></>}
      </>
    )},
    {title: text.trainedAt, cell: one => (one.damage ? <span class="failure">{one.damage}</span> : time(one.trained_ms)), isTime: true},
    {title: text.by, cell: one => <bdi>{one.made_by}</bdi>},
    {title: text.test, cell: one => headlineOf(one.figures)},
    {title: text.size, cell: one => bytes(one.bytes), isNumber: true},
  ];
  if (!may('models', 'manage')) return shown;
  return [...shown, {title: '', cell: one => !one.promoted && !one.damage && (
    <Action run={() => promote(model, one.version)} done={refresh} confirm={text.promoteAsk(model, one.version)}>{text.promote}</Action>
  )}];
}

function Controls({trained: {model, promoted}, refresh}: {trained: TrainedModel; refresh: () => void}) {
  const remove = async () => {
    await removeVersions(model);
    go(link('models'));
  };
  return (
    <div class="row">
      {promoted !== null && <Action run={() => rollBack(model)} done={refresh} confirm={text.rollBackAsk(model)}>{text.rollBack}</Action>}
      <Action run={remove} confirm={text.removeAsk(model)}>{text.remove}</Action>
    </div>
  );
}

// The one that the address names, that in use, or the newest.
function chosenOf({promoted, versions}: TrainedModel): number | undefined {
  const sound = versions.filter(one => !one.damage).map(one => one.version);
  const asked = Number(param('version'));
  return sound.find(one => one === asked) ?? sound.find(one => one === promoted) ?? sound[0];
}

function Compare({trained, chosen}: {trained: TrainedModel; chosen: number}) {
  const others = trained.versions.filter(one => !one.damage && one.version !== chosen);
  const other = others.find(one => String(one.version) === param('with'))?.version;
  if (others.length === 0) return null;
  return (
    <>
      <label>{text.compareWith}{' '}
        <select value={other ?? ''} onChange={event => setParams({version: String(chosen), with: event.currentTarget.value})}>
          <option value="">{text.nothing}</option>
          {others.map(one => <option key={one.version} value={one.version}>{text.version(one.version)}</option>)}
        </select>
      </label>
      {other !== undefined && <VersionComparison model={trained.model} from={other} to={chosen} />}
    </>
  );
}

export function TrainedOne({name}: {name: string}) {
  const {value: trained, error, refresh} = usePolled<TrainedModel>(`${at('models', name)}/versions`, 5_000);
  const chosen = trained && chosenOf(trained);
  return (
    <>
      <h2>{name}</h2>
      <Failure error={error?.status === 0 && trained ? undefined : error} />
      {trained && (
        <>
          <Table label={text.versions} columns={columnsOf(name, refresh)} rows={trained.versions} keyOf={one => one.version} />
          {may('models', 'manage') && <Controls trained={trained} refresh={refresh} />}
          {trained.promoted !== null && <Predictions key={trained.promoted} model={name} />}
          <ModelVerdicts source={`trained:${name}`} columns={alarmColumns} />
          {chosen !== undefined && <Compare trained={trained} chosen={chosen} />}
          {chosen !== undefined && <TrainedVersion key={chosen} model={name} number={chosen} />}
        </>
      )}
    </>
  );
}
