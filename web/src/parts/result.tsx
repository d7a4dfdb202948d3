// What a statement gave: as a table, drawn, or as large numbers.

import {useMemo} from 'preact/hooks';
import type {Show} from '../net/notebooks';
import {toCsv} from '../net/query';
import type {QueryAnswer} from '../net/types';
import {drawingOf, isNumber} from '../state/drawing';
import {compact, count, duration, time} from '../state/format';
import {t} from '../texts';
import {Chart} from '../ui/chart';
import {saveAs} from '../ui/save';
import {Empty, Failure} from '../ui/states';
import {Table} from '../ui/table';

const text = t.query;
const shownMax = 1_000;

function cellOf(value: unknown, type: string) {
  if (value === null) return <span class="soft">NULL</span>;
  return type === 'TIMESTAMP' ? time(Date.parse(String(value)), true) : compact(value);
}

function Rows({answer}: {answer: QueryAnswer}) {
  const columns = answer.columns.map((column, index) => ({
    title: column.name,
    isNumber: isNumber(column.type),
    isTime: column.type === 'TIMESTAMP',
    cell: (row: unknown[]) => cellOf(row[index], column.type),
  }));
  if (answer.rows.length === 0) return <Empty>{text.noRows}</Empty>;
  return <Table label={t.parts.query} columns={columns} rows={answer.rows.slice(0, shownMax)} keyOf={(_, index) => index} />;
}

// The first row, a figure for each column.
function Figures({answer}: {answer: QueryAnswer}) {
  const row = answer.rows[0];
  if (!row) return <Empty>{text.noRows}</Empty>;
  return (
    <div class="figures">
      {answer.columns.map((column, index) => (
        <dl class="card figure" key={index}>
          <dt>{column.name}</dt>
          <dd><b>{cellOf(row[index], column.type)}</b></dd>
        </dl>
      ))}
    </div>
  );
}

function Summary({answer}: {answer: QueryAnswer}) {
  return (
    <div class="row">
      <p class="soft" role="status">
        {answer.rows.length > shownMax && `${text.cut(shownMax)} `}
        {text.summary(count(answer.row_count), count(answer.rows_read), duration(answer.elapsed_ms))}
        {answer.mismatches > 0 && `; ${text.mismatches(count(answer.mismatches))}`}
      </p>
      <button type="button" onClick={() => saveAs('result.csv', 'text/csv', toCsv(answer))}>{text.csv}</button>
    </div>
  );
}

export function Result({answer, show, isBare}: {answer: QueryAnswer; show: Show; isBare: boolean}) {
  const drawn = useMemo(() => drawingOf(answer, show), [answer, show]);
  const isDrawnAlone = drawn !== undefined && show !== 'auto';
  return (
    <>
      {drawn && <Chart label={text.chart} times={drawn.across} lines={drawn.lines} style={drawn.style} {...(drawn.names ? {names: drawn.names} : {})} />}
      {show === 'number' && <Figures answer={answer} />}
      {!isDrawnAlone && show !== 'number' && <Rows answer={answer} />}
      {!drawn && (show === 'line' || show === 'bar' || show === 'scatter') && answer.rows.length > 0 && <p class="note">{text.notDrawn[show]}</p>}
      {answer.error && <Failure error={new Error(text.broken + answer.error)} />}
      {!isBare && <Summary answer={answer} />}
    </>
  );
}
