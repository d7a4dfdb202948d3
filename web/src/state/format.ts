// Times, numbers and sizes as people read them.

import {zone} from './settings';

const pad = (value: number, digits = 2) => String(value).padStart(digits, '0');

// 2026-11-29 13:05:09.250, in the zone that is chosen.
export function time(epochMs: number | null | undefined, withMs = false): string {
  if (epochMs === null || epochMs === undefined) return '';
  const at = new Date(epochMs);
  if (Number.isNaN(at.getTime())) return String(epochMs);
  const utc = zone.value === 'utc';
  const day = utc
    ? [at.getUTCFullYear(), at.getUTCMonth() + 1, at.getUTCDate()]
    : [at.getFullYear(), at.getMonth() + 1, at.getDate()];
  const clock = utc
    ? [at.getUTCHours(), at.getUTCMinutes(), at.getUTCSeconds()]
    : [at.getHours(), at.getMinutes(), at.getSeconds()];
  const ms = withMs ? `.${pad(at.getMilliseconds(), 3)}` : '';
  return `${day.map(part => pad(part)).join('-')} ${clock.map(part => pad(part)).join(':')}${ms}`;
}

export function count(value: number): string {
  return value.toLocaleString('en');
}

export function rate(value: number): string {
  return value >= 100 ? count(Math.round(value)) : value.toFixed(1);
}

export function bytes(value: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  while (value >= 1024 && unit + 1 < units.length) {
    value /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${units[unit]}`;
}

export function duration(ms: number): string {
  const steps: [number, string][] = [[86_400_000, 'd'], [3_600_000, 'h'], [60_000, 'min'], [1_000, 's']];
  for (const [size, unit] of steps) if (ms >= size) return `${Math.round((ms / size) * 10) / 10} ${unit}`;
  return `${Math.round(ms)} ms`;
}

// Any JSON value on one line.
export function compact(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value) ?? '';
}
