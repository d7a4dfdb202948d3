// The report of a training: how well the result does, what it looks at, and where it is off.

import type {Candidate, Figures, Fold, Report, Residuals} from '../net/training';
import {count} from '../state/format';
import {text} from '../texts_models';
import {Table, type Column} from '../ui/table';
import {FigureList, figureOf, titleOf} from './figures';
import {Shares} from './shares';

const importanceMax = 25;

const figureColumns = <Row,>(names: readonly string[], of: (row: Row) => Figures): Column<Row>[] =>
  names.map(name => ({title: titleOf(name), cell: row => figureOf(of(row)[name]), isNumber: true}));

function Folds({best}: {best: Candidate}) {
  const names = Object.keys(best.figures);
  const all: Partial<Fold> & {figures: Figures} = {figures: best.figures};
  const columns: Column<Partial<Fold> & {figures: Figures; number: string}>[] = [
    {title: text.fold, cell: row => row.number},
    {title: text.trainRows, cell: row => (row.train_rows === undefined ? '' : count(row.train_rows)), isNumber: true},
    ...figureColumns(names, (row: {figures: Figures}) => row.figures),
  ];
  const rows = [...best.folds.map((fold, index) => ({...fold, number: String(index + 1)})), {...all, number: text.allFolds}];
  return (
    <section>
      <h4>{text.folds}</h4>
      <Table label={text.folds} columns={columns} rows={rows} keyOf={row => row.number} />
    </section>
  );
}

function Candidates({candidates, best}: {candidates: readonly Candidate[]; best: number}) {
  const names = Object.keys(candidates[best]?.figures ?? {});
  const columns: Column<{candidate: Candidate; number: number}>[] = [
    {title: text.settings, cell: row => <><bdi>{row.candidate.settings}</bdi> {row.number === best && <span class="badge done">{text.best}</span>}</>},
    ...figureColumns(names, (row: {candidate: Candidate}) => row.candidate.figures),
  ];
  return (
    <details>
      <summary>{text.candidates} ({candidates.length})</summary>
      <Table label={text.candidates} columns={columns} rows={candidates.map((candidate, number) => ({candidate, number}))} keyOf={row => row.number} />
    </details>
  );
}

function Importances({importance}: {importance: Report['importance']}) {
  const known = importance.flatMap(({feature, part}) => (part !== null && part > 0 ? [{name: feature, part}] : []));
  if (known.length === 0) return null;
  return (
    <section>
      <h4>{text.importance}</h4>
      <Shares shares={known.sort((a, b) => b.part - a.part).slice(0, importanceMax)} />
    </section>
  );
}

// From the least to the greatest, with the middle half and the median.
function Box({of: {min, quarter, median, three_quarters, max}}: {of: Residuals}) {
  if (min === null || quarter === null || median === null || three_quarters === null || max === null || min === max) return null;
  const at = (value: number) => `${(100 * (value - min)) / (max - min)}%`;
  const half = text.middleHalf(figureOf(quarter), figureOf(three_quarters));
  return (
    <>
      <p class="soft">{half}.</p>
      <div class="lane box" aria-hidden="true">
        <span class="bar share" style={{left: at(quarter), width: at(min + three_quarters - quarter)}} />
        <span class="bar middle" style={{left: at(median)}} />
      </div>
    </>
  );
}

function Off({residuals}: {residuals: Residuals}) {
  const names = Object.keys(text.residual) as (keyof Residuals)[];
  const columns: Column<Residuals>[] = names.map(name => ({title: text.residual[name], cell: row => figureOf(row[name]), isNumber: true}));
  return (
    <section>
      <h4>{text.residuals}</h4>
      <Table label={text.residuals} columns={columns} rows={[residuals]} keyOf={() => 0} />
      <Box of={residuals} />
    </section>
  );
}

export function TrainingReport({report}: {report: Report}) {
  const best = report.candidates[report.best];
  return (
    <>
      <h4>{text.test}</h4>
      <FigureList figures={report.test} />
      {best && <Folds best={best} />}
      {report.candidates.length > 1 && <Candidates candidates={report.candidates} best={report.best} />}
      {report.residuals && <Off residuals={report.residuals} />}
      <Importances importance={report.importance} />
    </>
  );
}
