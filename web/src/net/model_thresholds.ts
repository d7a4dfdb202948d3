// How many alarms each threshold of a detector would have raised in what is stored (docs/rest/models.md). The server
// replays it, which takes a while.

import {at, json, withQuery} from './api';
import type {TimeRange} from './series';

export interface ThresholdCount {
  threshold: number;
  alarms: number;
  per_week?: number;
  kept_true?: number;    // of the alarms that were labelled true, those that it would still have raised
  spared_false?: number; // of those labelled false, those that it would not
}

export interface ThresholdCounts {
  threshold: number; // that of the model
  devices: number;
  samples: number;
  labelled_true?: number; // in that time; a server of before says nothing of labels
  labelled_false?: number;
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
