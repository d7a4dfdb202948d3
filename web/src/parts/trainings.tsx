// Trainings: how far they are, and what came of them.

import {useEffect, useState} from 'preact/hooks';
import {usePolled} from '../net/poll';
import {cancelTraining, isUnderWay, type Training} from '../net/training';
import {duration, time} from '../state/format';
import {may} from '../state/session';
import {text} from '../texts_models';
import {Action} from '../ui/action';
import {Asked} from '../ui/states';
import {Table, type Column} from '../ui/table';
import {linkOfVersion} from './trained_links';

const idleMs = 5_000;
const busyMs = 1_000;

// While rows are read nobody knows how many there will be: a bar without an end.
function Progress({training}: {training: Training}) {
  if (training.state !== 'reading' && training.state !== 'training') return null;
  const label = text.progressOf(training.model);
  if (training.state === 'reading') return <progress aria-label={label} />;
  return <><progress aria-label={label} value={training.progress} /> {Math.floor(100 * training.progress)} %</>;
}

function Outcome({training: {model, version, error}}: {training: Training}) {
  if (version !== undefined) return <a href={linkOfVersion(model, version)}>{text.version(version)}</a>;
  return error ? <bdi>{error}</bdi> : null;
}

const tookOf = ({began_ms, ended_ms}: Training) =>
  (began_ms === undefined ? '' : duration((ended_ms ?? Math.max(Date.now(), began_ms)) - began_ms));

function columnsOf(refresh: () => void): Column<Training>[] {
  const shown: Column<Training>[] = [
    {title: text.model, cell: training => training.model},
    {title: text.state, cell: training => <span class={`badge ${training.state}`}>{training.state}</span>},
    {title: text.progress, cell: training => <Progress training={training} />},
    {title: text.by, cell: training => <bdi>{training.made_by}</bdi>},
    {title: text.submitted, cell: training => time(training.submitted_ms), isTime: true},
    {title: text.took, cell: tookOf, isNumber: true},
    {title: text.outcome, cell: training => <Outcome training={training} />},
  ];
  if (!may('models', 'manage')) return shown;
  return [...shown, {title: '', cell: training => isUnderWay(training) && (
    <Action run={() => cancelTraining(training.id)} done={refresh} confirm={text.cancelAsk(training.model)}>{text.cancelTraining}</Action>
  )}];
}

// `changed` is called when one has ended since it was looked at last.
export function Trainings({changed}: {changed: () => void}) {
  const [everyMs, setEveryMs] = useState(idleMs);
  const {value, error, refresh} = usePolled<Training[]>('/api/v1/trainings', everyMs);
  const underWay = value?.filter(isUnderWay).length ?? 0;
  const ended = value?.filter(training => training.state === 'done').length ?? 0;
  useEffect(() => setEveryMs(underWay > 0 ? busyMs : idleMs), [underWay > 0]);
  useEffect(changed, [ended]);
  return (
    <section>
      <h3>{text.trainings}</h3>
      <Asked value={value} error={error} empty={text.noTrainings}>
        <Table label={text.trainings} columns={columnsOf(refresh)} rows={value ?? []} keyOf={training => training.id} />
      </Asked>
    </section>
  );
}
