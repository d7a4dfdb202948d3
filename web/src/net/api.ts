// Requests to the server that the page came from, and what their failures mean.

import {signal} from '@preact/signals';

export class ApiError extends Error {
  // 0: the server was not reached.
  constructor(readonly status: number, detail: string) {
    super(detail);
  }
}

// False from the first request that did not reach the server to the next that did.
export const isConnected = signal(true);
// Set by a 401: who asks is not known, or not any more.
export const mustSignIn = signal(false);

const timeoutMs = 15_000;

async function problemOf(answer: Response): Promise<ApiError> {
  const text = await answer.text().catch(() => '');
  try {
    const problem = JSON.parse(text) as {detail?: string; title?: string};
    return new ApiError(answer.status, problem.detail ?? problem.title ?? answer.statusText);
  } catch {
    return new ApiError(answer.status, answer.statusText || `HTTP ${answer.status}`);
  }
}

interface Sent {
  method?: string;
  body?: string | object;
  timeoutMs?: number;
  signal?: AbortSignal;
  headers?: Record<string, string>;
}

// The answer as it is; throws ApiError for all but 2xx.
export async function send(path: string, sent: Sent = {}): Promise<Response> {
  const limit = AbortSignal.timeout(sent.timeoutMs ?? timeoutMs);
  const init: RequestInit = {
    method: sent.method ?? 'GET',
    signal: sent.signal ? AbortSignal.any([limit, sent.signal]) : limit,
  };
  if (typeof sent.body === 'string') {
    init.body = sent.body;
    init.headers = {...sent.headers, 'Content-Type': 'text/plain'};
  } else if (sent.body) {
    init.body = JSON.stringify(sent.body);
    init.headers = {...sent.headers, 'Content-Type': 'application/json'};
  } else if (sent.headers) {
    init.headers = sent.headers;
  }
  let answer: Response;
  try {
    answer = await fetch(path, init);
  } catch (reason) {
    if (sent.signal?.aborted) throw reason;
    isConnected.value = false;
    throw new ApiError(0, reason instanceof Error ? reason.message : String(reason));
  }
  isConnected.value = true;
  if (answer.ok) return answer;
  const problem = await problemOf(answer);
  // A login that is wrong is not a session that is over.
  if (answer.status === 401 && path !== '/api/v1/login') mustSignIn.value = true;
  throw problem;
}

export async function json<T>(path: string, sent: Sent = {}): Promise<T> {
  return (await send(path, sent)).json() as Promise<T>;
}

export function text(path: string): Promise<string> {
  return send(path).then(answer => answer.text());
}

// A path of the API whose levels are escaped: at('streams', name, 'records').
export function at(...levels: (string | number)[]): string {
  return `/api/v1/${levels.map(level => encodeURIComponent(level)).join('/')}`;
}

export function withQuery(path: string, query: Record<string, string | number | undefined>): string {
  const known = Object.entries(query).filter(([, value]) => value !== undefined && value !== '');
  const all = new URLSearchParams(known.map(([name, value]) => [name, String(value)]));
  return known.length > 0 ? `${path}?${all}` : path;
}
