// How many alarms each threshold of a detector would have raised in what is stored (docs/rest/models.md). The server
// replays it, which takes a while.

import {at, json, withQuery} from './api';
import type {TimeRange} from './series';

export interface ThresholdCount {
  threshold: number;
  alarms: number;
  per_week?: number;
  alarms_true?: number; // that somebody labelled so
  alarms_false?: number;
}

export interface ThresholdCounts {
  threshold: number; // that of the model
  devices: number;
  samples: number;
  thresholds: ThresholdCount[]; // rising
  suggested?: number | null;    // null: none is so quiet
}

const replayMs = 120_000;

// `device` empty: all of the stream. `perWeek`: so many false alarms a week are taken.
export function thresholdCounts(model: string, device: string, {from, to}: TimeRange, perWeek: number): Promise<ThresholdCounts> {
  const path = withQuery(`${at('models', model)}/thresholds`,
    {device, from: Math.round(from), to: Math.round(to), per_week: perWeek});
  return json<ThresholdCounts>(path, {timeoutMs: replayMs});
}
