// One version: who trained it on what, its report, and its pipeline.

import {at} from '../net/api';
import {usePolled} from '../net/poll';
import type {DataRange, VersionDetail} from '../net/training';
import {count, time} from '../state/format';
import {may} from '../state/session';
import {text} from '../texts_models';
import {Failure} from '../ui/states';
import {Table, type Column} from '../ui/table';
import {linkOfTraining} from './trained_links';
import {TrainingReport} from './training_report';

const everyMs = 60_000; // a version does not change

const dataColumns: Column<DataRange>[] = [
  {title: text.stream, cell: range => range.stream},
  {title: text.partition, cell: range => range.partition, isNumber: true},
  {title: text.firstOffset, cell: range => count(range.first_offset), isNumber: true},
  {title: text.lastOffset, cell: range => count(range.end_offset - 1), isNumber: true},
];

const factColumns: Column<VersionDetail>[] = [
  {title: text.target, cell: version => <bdi>{version.report.target}</bdi>},
  {title: text.rows, cell: version => count(version.report.train_rows), isNumber: true},
  {title: text.testRows, cell: version => count(version.report.test_rows), isNumber: true},
  {title: text.withoutTarget, cell: version => count(version.report.without_target), isNumber: true},
  {title: text.devices, cell: version => count(version.report.devices), isNumber: true},
  {title: text.events, cell: version => text.until(time(version.first_event_ms), time(version.last_event_ms)), isTime: true},
  {title: text.seed, cell: version => version.seed, isNumber: true},
];

export function TrainedVersion({model, number}: {model: string; number: number}) {
  const {value: version, error} = usePolled<VersionDetail>(at('models', model, 'versions', number), everyMs);
  return (
    <section aria-label={text.version(number)}>
      <h3>{text.version(number)}</h3>
      <Failure error={error} />
      {version && (
        <>
          <Table label={text.version(number)} columns={factColumns} rows={[version]} keyOf={() => number} />
          <TrainingReport report={version.report} />
          {(version.data?.length ?? 0) > 0 && (
            <details>
              <summary>{text.data}</summary>
              <Table label={text.data} columns={dataColumns} rows={version.data ?? []} keyOf={range => `${range.stream}/${range.partition}`} />
            </details>
          )}
          <details>
            <summary>{text.pipeline}</summary>
            <pre tabIndex={0}>{version.pipeline}</pre>
            {may('models', 'manage') && <p><a class="button" href={linkOfTraining(model, number)}>{text.again}</a></p>}
          </details>
        </>
      )}
    </section>
  );
}
