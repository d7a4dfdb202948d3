// Trainings, and the versions that come of them (docs/rest/training.md).

import {at, json, send} from './api';

export interface Training {
  id: string;
  model: string;
  made_by: string;
  state: 'waiting' | 'reading' | 'training' | 'done' | 'failed' | 'cancelled' | 'interrupted';
  progress: number; // 0 to 1, of the training alone
  submitted_ms: number;
  began_ms?: number;
  ended_ms?: number;
  version?: number;
  error?: string;
}

export type Figures = Record<string, number | null>; // null: not finite

export interface DataRange {
  stream: string;
  partition: number;
  first_offset: number;
  end_offset: number;
}

// One that is damaged has no more than `damage` says.
export interface Version {
  version: number;
  promoted: boolean;
  bytes: number;
  damage?: string;
  trained_ms?: number;
  made_by?: string;
  seed?: number;
  first_event_ms?: number;
  last_event_ms?: number;
  data?: DataRange[];
  figures?: Figures; // by the rows that they are of: "test rmse", "folds rmse"
}

export interface TrainedModel {
  model: string;
  promoted: number | null;
  versions: Version[]; // the newest first
}

export interface Fold {
  train_rows: number;
  figures: Figures;
}

export interface Candidate {
  settings: string;
  folds: Fold[];
  figures: Figures; // of all folds' rows together
}

export interface Residuals {
  mean: number | null;
  deviation: number | null;
  min: number | null;
  quarter: number | null;
  median: number | null;
  three_quarters: number | null;
  max: number | null;
}

export interface Report {
  target: string;
  samples: number;
  without_target: number;
  devices: number;
  train_rows: number;
  test_rows: number;
  candidates: Candidate[];
  best: number;
  test: Figures;
  residuals?: Residuals; // of values, not of labels
  importance: {feature: string; part: number | null}[];
}

export interface VersionDetail extends Version {
  pipeline: string;
  report: Report;
}

export interface Comparison {
  same_pipeline: boolean;
  same_data: boolean;
  figures: Record<string, {a: number | null; b: number | null; change: number | null}>;
}

export interface Predictions {
  version: number;
  stream: string;
  devices: number;
  lag: number;
  scored: number;
  skipped: number;
  last_error: string;
  predictions: {device: string; event_ms: number; prediction: number | null; alarm: boolean}[];
}

export const isUnderWay = ({state}: Training) => state === 'waiting' || state === 'reading' || state === 'training';

// The name that a pipeline file gives its model; the server says whether it may be called so.
export function nameIn(pipeline: string): string | undefined {
  return /(?:^|[{,])\s*["']?name["']?\s*:\s*["']?([^"',\s}#]+)/m.exec(pipeline)?.[1];
}

export function train(name: string, pipeline: string): Promise<Training> {
  return json<Training>(at('models', name, 'train'), {method: 'POST', body: pipeline});
}

export const cancelTraining = (id: string) => send(at('trainings', id), {method: 'DELETE'});

export function promote(name: string, version: number): Promise<TrainedModel> {
  return json<TrainedModel>(at('models', name, 'versions', version, 'promote'), {method: 'POST'});
}

export function rollBack(name: string): Promise<TrainedModel> {
  return json<TrainedModel>(at('models', name, 'rollback'), {method: 'POST'});
}

export const removeVersions = (name: string) => send(at('models', name, 'versions'), {method: 'DELETE'});
