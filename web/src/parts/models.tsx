import {useEffect, useState} from 'preact/hooks';
import {at, json, send} from '../net/api';
import {usePolled} from '../net/poll';
import type {Model} from '../net/types';
import {count} from '../state/format';
import {withThreshold} from '../state/model_definition';
import {useOpenAlarms} from '../state/open_alarms';
import {link, param, route} from '../state/route';
import {may} from '../state/session';
import {t} from '../texts';
import {Action} from '../ui/action';
import {Editor} from '../ui/editor';
import {lazy} from '../ui/lazy';
import {Asked, Failure} from '../ui/states';
import {Table, type Column} from '../ui/table';
import {ModelVerdicts} from './model_verdicts';
import {newTraining, versionsView} from './trained_links';

const text = t.models;
const isNew = 'new model'; // no model can be called so: a name has no space

const ModelSeries = lazy(() => import('./model_series').then(all => all.ModelSeries));
const ModelThresholds = lazy(() => import('./model_thresholds').then(all => all.ModelThresholds));
const TrainedList = lazy(() => import('./trained').then(all => all.TrainedList));
const TrainedOne = lazy(() => import('./trained').then(all => all.TrainedOne));
const NewTraining = lazy(() => import('./trained').then(all => all.NewTraining));

// A new model may learn from what is stored before it is live.
function Status({model: {status, reason, priming}}: {model: Model}) {
  if (priming) return <span class="badge">{text.priming(priming.devices_done, priming.devices)}</span>;
  return <span class={`badge ${status}`} title={reason}>{status}</span>;
}

const columns: Column<Model>[] = [
  {title: text.name, cell: model => <a href={link('models', model.name)}>{model.name}</a>},
  {title: text.kind, cell: model => model.kind},
  {title: text.source, cell: ({source, topic}) => (topic === '' ? source : `${source} (${topic})`)},
  {title: text.status, cell: model => <Status model={model} />},
  {title: text.devices, cell: model => count(model.devices), isNumber: true},
  {title: text.lag, cell: model => count(model.lag), isNumber: true},
  {title: text.scored, cell: model => count(model.counts['scored'] ?? 0), isNumber: true},
];

function columnsOf(open: ReadonlyMap<string, number> | undefined): Column<Model>[] {
  if (!open) return columns;
  return [...columns, {title: text.alarms, cell: model => count(open.get(model.name) ?? 0), isNumber: true}];
}

function List() {
  const {value, error} = usePolled<Model[]>('/api/v1/models', 3_000);
  const open = useOpenAlarms();
  return (
    <>
      <h2 class="first">{text.detectors}</h2>
      {may('models', 'manage') && <p><a class="button" href={link('models', isNew)}>{text.make}</a></p>}
      <Asked value={value} error={error} empty={text.none}>
        <Table label={t.parts.models} columns={columnsOf(open)} rows={value ?? []} keyOf={model => model.name} />
      </Asked>
      <h2>{text.trained}</h2>
      <TrainedList />
    </>
  );
}

// Of a model that is there, or of a new one. `proposed` is to stand in it.
function ModelEditor({model, proposed}: {model?: Model; proposed?: {threshold: number}}) {
  const [definition, setDefinition] = useState(model?.definition ?? '');
  useEffect(() => {
    if (proposed) setDefinition(before => withThreshold(before, proposed.threshold));
  }, [proposed]);
  const save = async () => {
    const path = model ? at('models', model.name) : '/api/v1/models';
    const made = await json<Model>(path, {method: model ? 'PUT' : 'POST', body: definition});
    location.hash = link('models', made.name);
  };
  const remove = async () => {
    if (model) await send(at('models', model.name), {method: 'DELETE'});
    location.hash = link('models');
  };
  return (
    <>
      {!model && <p class="soft">{text.definitionHelp}</p>}
      <Editor label={text.definition} value={definition} change={setDefinition} rows={Math.max(8, definition.split('\n').length + 1)} />
      {may('models', 'manage') && (
        <div class="row">
          <Action run={save} isMain {...(model ? {confirm: text.saveAsk(model.name)} : {})}>{text.save}</Action>
          {model && <Action run={remove} confirm={text.removeAsk(model.name)}>{text.remove}</Action>}
        </div>
      )}
    </>
  );
}

function One({name}: {name: string}) {
  const {value: model, error} = usePolled<Model>(at('models', name), 3_000);
  const [proposed, setProposed] = useState<{threshold: number}>();
  return (
    <>
      <h2>{name}</h2>
      <Failure error={error} />
      {model && (
        <>
          <Table label={name} columns={columns} rows={[model]} keyOf={one => one.name} />
          {model.reason && <p class="note">{model.reason}</p>}
          {model.last_error && <Failure error={new Error(model.last_error)} />}
          <ModelVerdicts source={model.name} />
          <ModelSeries model={model} />
          <ModelThresholds model={model} take={threshold => setProposed({threshold})} />
          <ModelEditor model={model} {...(proposed ? {proposed} : {})} />
        </>
      )}
    </>
  );
}

function Item({name}: {name: string}) {
  if (name === isNew) return <ModelEditor />;
  if (name === newTraining) return <NewTraining />;
  return param('view') === versionsView ? <TrainedOne name={name} /> : <One name={name} />;
}

export function Models() {
  const name = route.value.item;
  if (name === undefined) return <List />;
  return (
    <>
      <p><a href={link('models')}>{text.back}</a></p>
      <Item name={name} />
    </>
  );
}
