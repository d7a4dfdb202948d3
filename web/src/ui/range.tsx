// The one time range of a view, in its address.

import {param, setParams} from '../state/route';
import {t} from '../texts';

const lengthsMs = {
  '15m': 900_000,
  '1h': 3_600_000,
  '6h': 21_600_000,
  '24h': 86_400_000,
  '7d': 604_800_000,
};
type Name = keyof typeof t.ranges;
const names = Object.keys(t.ranges) as Name[];

export function rangeName(fallback: Name = '1h'): Name {
  return names.find(name => name === param('range')) ?? fallback;
}

// Its beginning and end now, in epoch milliseconds.
export function rangeMs(name: Name): {from: number; to: number} {
  const to = Date.now();
  return {from: name === 'all' ? 0 : to - lengthsMs[name], to};
}

// Whether the view shows a range that does not move on, `from` and `to` in its address.
export function isFixed(): boolean {
  return param('from') !== '' && param('to') !== '';
}

// What the view shows now: the fixed range, or that up to now.
export function shownRange(fallback: Name = '1h'): {from: number; to: number} {
  const from = Number(param('from'));
  const to = Number(param('to'));
  return isFixed() && from < to ? {from, to} : rangeMs(rangeName(fallback));
}

// Goes a part of the range's length to the right.
export function moved(part: number): void {
  const {from, to} = shownRange();
  const by = (to - from) * part;
  setParams({from: String(Math.round(from + by)), to: String(Math.round(to + by))});
}

export function RangePicker({fallback = '1h'}: {fallback?: Name}) {
  return (
    <label>{t.range}{' '}
      <select value={rangeName(fallback)} onChange={event => setParams({range: event.currentTarget.value, from: undefined, to: undefined})}>
        {names.map(name => <option key={name} value={name}>{t.ranges[name]}</option>)}
      </select>
    </label>
  );
}
