// The shapes of docs/rest/, as far as the page uses them.

export interface Me {
  name: string;
  kind: 'user' | 'token' | 'certificate' | 'anonymous';
  roles: string[];
  has_users: boolean;
  areas: Record<string, string[]>;
}

export interface Alarm {
  id: string;
  source: string;
  name: string;
  key: string;
  device: string;
  state: 'active' | 'cleared';
  severity: 'info' | 'minor' | 'major' | 'critical';
  occurrence: string;
  acknowledged?: {at: number; by: string; comment: string};
  label?: 'true' | 'false'; // of the occurrence: whether there was something
  labelled?: {at: number; by: string; comment: string};
  raised_at: number;
  cleared_at: number | null;
  reason: string | null;
  details: unknown;
}

export interface Partition {
  partition: number;
  log_start_offset: number;
  high_watermark: number;
  bytes: number;
}

export interface Stream {
  name: string;
  retention_ms: number;
  durability: string;
  cleanup_policy: string;
  created_ms: number;
  internal?: boolean;
  partitions: Partition[];
}

export interface LogRecord {
  partition: number;
  offset: number;
  ts: number;
  key?: string;
  topic?: string;
  value?: unknown;
  value_base64?: string;
  headers?: Record<string, string>;
}

export interface Rule {
  name: string;
  sql: string;
  status: string;
  reason: string;
  made_by: string;
  lag: number;
  counts: Record<string, number>;
  last_error: string;
  warnings: string[];
}

export interface RuleTrial {
  rows: unknown[];
  messages: unknown[];
  alarms: unknown[];
  counts: Record<string, number>;
  last_error: string;
}

export interface Model {
  name: string;
  kind: string;
  source: string;
  topic: string;
  fields: string[];
  severity: string | null; // null: by score and duration
  threshold: number;
  definition: string;
  made_by: string;
  status: string;
  reason: string;
  priming?: {devices: number; devices_done: number} | null; // with what is stored; 0 devices: it catches up with the log
  devices: number;
  lag: number;
  counts: Record<string, number>;
  last_error: string;
}

export interface Client {
  client_id: string;
  user: string;
  connected: boolean;
  persistent: boolean;
  address?: string;
  listener?: string;
  connected_ms?: number;
  disconnected_ms?: number;
  protocol_version: number;
  slowed?: boolean;
  subscription_count: number;
  queued_messages: number;
  in_flight: number;
}

export interface Refusal {
  at_ms: number;
  user: string;
  address: string;
  action: string;
  resource: string;
  why: string;
}

export interface ExplainedClient extends Partial<Client> {
  client_id: string;
  known: boolean;
  roles?: string[];
  subscriptions?: {filter: string; qos: number; denied: boolean; why?: string}[];
  refusals: Refusal[];
}

export interface User {
  name: string;
  roles: string[];
  disabled: boolean;
  has_password: boolean;
  tokens: number;
}

export interface Token {
  id: string;
  user: string;
  label: string;
  created_ms: number;
  expires_ms: number | null;
  token?: string;
}

export interface QueryAnswer {
  columns: {name: string; type: string}[];
  rows: unknown[][];
  row_count: number;
  rows_read: number;
  mismatches: number;
  elapsed_ms: number;
  error?: string;
}

export interface DeviceSummary {
  device: string;
  stream: string;
  first_seen: string;
  last_seen: string;
  messages: number;
  fields: number;
}

export interface DeviceOfStream extends DeviceSummary {
  values: Record<string, {value: unknown; ts: string}>;
}

export interface DeviceLatest {
  device: string;
  streams: DeviceOfStream[];
}
