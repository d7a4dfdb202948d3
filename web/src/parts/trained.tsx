// What was trained: the list of models, and the way to the views of one. All of it is loaded when it is shown.

import {usePolled} from '../net/poll';
import type {TrainedModel} from '../net/training';
import {count, time} from '../state/format';
import {useOpenAlarms} from '../state/open_alarms';
import {link} from '../state/route';
import {may} from '../state/session';
import {text} from '../texts_models';
import {Asked} from '../ui/states';
import {Table, type Column} from '../ui/table';
import {headlineOf} from './figures';
import {linkOfTrained, linkOfVersion, newTraining} from './trained_links';
import {Trainings} from './trainings';

export {NewTraining} from './training_new';
export {TrainedOne} from './trained_one';

function columnsOf(open: ReadonlyMap<string, number> | undefined): Column<TrainedModel>[] {
  const shown: Column<TrainedModel>[] = [
    {title: text.model, cell: trained => <a href={linkOfTrained(trained.model)}>{trained.model}</a>},
    {title: text.inUse, cell: ({model, promoted}) => (promoted === null ? text.nothingInUse
      : <a href={linkOfVersion(model, promoted)}>{text.version(promoted)}</a>)},
    {title: text.newest, cell: ({versions}) => (versions[0] ? text.version(versions[0].version) : '')},
    {title: text.trainedAt, cell: ({versions}) => time(versions[0]?.trained_ms), isTime: true},
    {title: text.test, cell: ({versions}) => headlineOf(versions[0]?.figures)},
    {title: text.versions, cell: ({versions}) => count(versions.length), isNumber: true},
  ];
  if (!open) return shown;
  return [...shown, {title: text.alarms, cell: ({model}) => count(open.get(`trained:${model}`) ?? 0), isNumber: true}];
}

export function TrainedList() {
  const {value, error, refresh} = usePolled<TrainedModel[]>('/api/v1/trained', 10_000);
  const open = useOpenAlarms();
  return (
    <>
      {may('models', 'manage') && <p><a class="button" href={link('models', newTraining)}>{text.make}</a></p>}
      <Asked value={value} error={error} empty={text.none}>
        <Table label={text.versions} columns={columnsOf(open)} rows={value ?? []} keyOf={trained => trained.model} />
      </Asked>
      <Trainings changed={refresh} />
    </>
  );
}
