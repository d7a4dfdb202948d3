import {json} from './api';
import type {QueryAnswer} from './types';

const timeoutMs = 60_000;

// `params` may have more than the statement names.
export function query(sql: string, params: Record<string, string | number>, gone?: AbortSignal): Promise<QueryAnswer> {
  const body = {sql, params, timeout_ms: timeoutMs};
  return json<QueryAnswer>('/api/v1/query', {
    method: 'POST',
    body,
    timeoutMs: timeoutMs + 5_000,
    ...(gone ? {signal: gone} : {}),
  });
}

export function toCsv(answer: QueryAnswer): string {
  const cell = (value: unknown) => {
    const text = value === null ? '' : typeof value === 'string' ? value : JSON.stringify(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  const lines = [answer.columns.map(column => column.name), ...answer.rows];
  return lines.map(line => line.map(cell).join(',')).join('\r\n') + '\r\n';
}
