import type {ComponentChildren} from 'preact';

export interface Column<Row> {
  title: string;
  cell: (row: Row) => ComponentChildren;
  isNumber?: boolean;
  isTime?: boolean;
}

export function Table<Row>({label, columns, rows, keyOf}: {
  label: string;
  columns: readonly Column<Row>[];
  rows: readonly Row[];
  keyOf: (row: Row, index: number) => string | number;
}) {
  const kind = (column: Column<Row>) => (column.isNumber ? 'number' : column.isTime ? 'time' : undefined);
  return (
    <div class="table" role="region" aria-label={label} tabIndex={0}>
      <table>
        <thead>
          <tr>{columns.map(column => <th key={column.title} scope="col" class={kind(column)}>{column.title}</th>)}</tr>
        </thead>
        <tbody>
          {rows.map((row, index) => (
            <tr key={keyOf(row, index)}>
              {columns.map(column => <td key={column.title} class={kind(column)}>{column.cell(row)}</td>)}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
