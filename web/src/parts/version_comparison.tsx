// Two versions beside each other: the figures of both, and which way they went.

import {at} from '../net/api';
import {usePolled} from '../net/poll';
import type {Comparison} from '../net/training';
import {text} from '../texts_models';
import {Failure} from '../ui/states';
import {Table, type Column} from '../ui/table';
import {figureOf, isBetter, partsOf, titleOf} from './figures';

const everyMs = 60_000;

interface Row {
  figure: string;
  a: number | null;
  b: number | null;
  change: number | null;
}

function Change({row}: {row: Row}) {
  const better = isBetter(partsOf(row.figure).name, row.change);
  const sign = row.change !== null && row.change > 0 ? '+' : '';
  return (
    <>
      {sign}{figureOf(row.change)}{' '}
      {better !== undefined && <span class={`badge ${better ? 'done' : 'failed'}`}>{better ? text.better : text.worse}</span>}
    </>
  );
}

export function VersionComparison({model, from, to}: {model: string; from: number; to: number}) {
  const {value, error} = usePolled<Comparison>(at('models', model, 'versions', from, 'compare', to), everyMs);
  const columns: Column<Row>[] = [
    {title: text.figure, cell: row => `${titleOf(partsOf(row.figure).name)}, ${partsOf(row.figure).rows}`},
    {title: text.version(from), cell: row => figureOf(row.a), isNumber: true},
    {title: text.version(to), cell: row => figureOf(row.b), isNumber: true},
    {title: text.change, cell: row => <Change row={row} />, isNumber: true},
  ];
  return (
    <section>
      <h3>{text.comparison(from, to)}</h3>
      <Failure error={error} />
      {value && (
        <>
          <p class="soft">{text.pipelineIs(value.same_pipeline)} {text.dataIs(value.same_data)}</p>
          <Table label={text.comparison(from, to)} columns={columns} rows={Object.entries(value.figures).map(([figure, each]) => ({figure, ...each}))}
            keyOf={row => row.figure} />
        </>
      )}
    </section>
  );
}
