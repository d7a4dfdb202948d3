// How many alarms of each rule and model are active, asked for again when some have changed.

import {useAlarmChanges} from '../net/live';
import {usePolled} from '../net/poll';
import type {Alarm} from '../net/types';
import {may} from './session';

const path = '/api/v1/alarms?state=active&limit=10000';

// By source; undefined while it is not known, and for who may not read alarms.
export function useOpenAlarms(): ReadonlyMap<string, number> | undefined {
  const isAllowed = may('alarms', 'read');
  const {value, refresh} = usePolled<Alarm[]>(isAllowed ? path : null, 30_000);
  useAlarmChanges(refresh, isAllowed);
  if (!value) return undefined;
  const open = new Map<string, number>();
  for (const alarm of value) open.set(alarm.source, (open.get(alarm.source) ?? 0) + 1);
  return open;
}
