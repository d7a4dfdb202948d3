import {useEffect, useState} from 'preact/hooks';
import {messagesOf} from '../net/series';
import type {QueryAnswer} from '../net/types';
import {compact, time} from '../state/format';
import {param} from '../state/route';
import {t} from '../texts';
import {shownRange} from '../ui/range';
import {Empty, Failure} from '../ui/states';
import {Table, type Column} from '../ui/table';

const text = t.devices;

const columns: Column<unknown[]>[] = [
  {title: text.at, cell: row => time(Date.parse(String(row[0])), true), isTime: true},
  {title: text.topic, cell: row => <bdi>{compact(row[1] ?? '')}</bdi>},
  {title: text.message, cell: row => <code>{compact(row[2])}</code>},
];

// Asked for when it is opened: it looks through the log.
export function DeviceMessages({stream, device}: {stream: string; device: string}) {
  const [isOpen, setOpen] = useState(false);
  const [answer, setAnswer] = useState<QueryAnswer>();
  const [error, setError] = useState<Error>();
  const range = [param('from'), param('to'), param('range')].join('\n');
  useEffect(() => {
    if (!isOpen) return;
    const gone = new AbortController();
    setError(undefined);
    messagesOf(stream, device, shownRange(), gone.signal).then(setAnswer, (reason: Error) => {
      if (!gone.signal.aborted) setError(reason);
    });
    return () => gone.abort();
  }, [isOpen, stream, device, range]);
  return (
    <details onToggle={event => setOpen(event.currentTarget.open)}>
      <summary>{text.messagesOf}</summary>
      <Failure error={error} />
      {answer && (answer.rows.length === 0 ? <Empty>{text.nothing}</Empty>
        : <Table label={text.messagesOf} columns={columns} rows={answer.rows} keyOf={(_, index) => index} />)}
    </details>
  );
}
