// What the details of an alarm say, where a detector raised it (docs/models.md). Of details that another version
// wrote, or that name no such member, nothing is shown.

import type {Alarm} from '../net/types';
import {compact} from '../state/format';
import {t} from '../texts';

const text = t.alarms;
const digits = 4;

// A signal, or the one that is furthest off.
interface Said {
  value?: unknown;
  expected_low?: unknown;
  expected_high?: unknown;
}

interface Signal extends Said {
  signal: string;
  share: number; // 0 to 1
}

const membersOf = (details: unknown) => (typeof details === 'object' && details !== null ? details : {}) as Record<string, unknown>;

function numberOf(value: unknown): string {
  return typeof value === 'number' ? String(Number(value.toPrecision(digits))) : text.noValue;
}

export function detailOf(alarm: Alarm, name: string): string {
  const value = membersOf(alarm.details)[name];
  return typeof value === 'number' ? numberOf(value) : value === undefined || value === null ? '' : compact(value);
}

export function saidOf({value, expected_low: low, expected_high: high}: Said): string {
  const isExpected = typeof low === 'number' && typeof high === 'number';
  return isExpected ? text.wasExpected(numberOf(value), numberOf(low), numberOf(high)) : numberOf(value);
}

export function signalsOf(details: unknown): Signal[] {
  const {signals} = membersOf(details);
  if (!Array.isArray(signals)) return [];
  return signals.filter(one => typeof one?.signal === 'string' && typeof one.share === 'number');
}

// One line for a list, where a detector's details have it; else undefined. Those of a cleared alarm are of the moment
// in which it cleared, so that its signal is no longer what raised it.
export function summaryOf({details, state}: Alarm): string | undefined {
  const {signal, score, threshold, ...said} = membersOf(details);
  if (typeof signal !== 'string' || typeof score !== 'number' || typeof threshold !== 'number') return undefined;
  return state === 'cleared' ? text.scoreAtEnd(numberOf(score)) : text.summary(signal, saidOf(said), numberOf(score));
}
