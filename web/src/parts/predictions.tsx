// What the version in use says of its stream. Asked for when it is opened: not everybody may read the stream.

import {useState} from 'preact/hooks';
import {at} from '../net/api';
import {usePolled} from '../net/poll';
import type {Predictions as Answer} from '../net/training';
import {count, time} from '../state/format';
import {link} from '../state/route';
import {text} from '../texts_models';
import {Asked, Failure} from '../ui/states';
import {Table, type Column} from '../ui/table';
import {figureOf} from './figures';

const everyMs = 3_000;
const shownMax = 200;

const columns: Column<Answer['predictions'][number]>[] = [
  {title: text.device, cell: row => <a href={link('devices', row.device)}><bdi>{row.device}</bdi></a>},
  {title: text.at, cell: row => time(row.event_ms), isTime: true},
  {title: text.prediction, cell: row => (row.prediction === null ? text.cannotTell : figureOf(row.prediction)), isNumber: true},
  {title: '', cell: row => row.alarm && <span class="badge major">{text.alarm}</span>},
];

export function Predictions({model}: {model: string}) {
  const [isOpen, setOpen] = useState(false);
  const {value, error} = usePolled<Answer>(isOpen ? `${at('models', model)}/predictions` : null, everyMs);
  // Alarms on top, so that none is beyond what is shown.
  const rows = value?.predictions.toSorted((a, b) => Number(b.alarm) - Number(a.alarm)).slice(0, shownMax);
  return (
    <details onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>{text.predictions}</summary>
      {value && <p class="soft">{text.lag(count(value.lag), count(value.scored), count(value.skipped))}</p>}
      {value?.last_error && <Failure error={new Error(value.last_error)} />}
      {isOpen && (
        <Asked value={rows} error={error} empty={text.noPredictions}>
          <Table label={text.predictions} columns={columns} rows={rows ?? []} keyOf={row => row.device} />
        </Asked>
      )}
    </details>
  );
}
