// What is asked for again and again while it is looked at.

import {useCallback, useEffect, useRef, useState} from 'preact/hooks';
import {ApiError, json} from './api';

export interface Polled<T> {
  value: T | undefined;
  error: ApiError | undefined; // of the last try; the value of the one before stays
  refresh: () => void;
}

const backOffMaxMs = 30_000;

// Calls `ask` at once and then every `everyMs`, while the page is visible; after failures less and
// less often. Gives what ends it.
export function poll(ask: () => Promise<void>, everyMs: number): () => void {
  let timer = 0;
  let waitMs = everyMs;
  let isOver = false;
  const run = async () => {
    clearTimeout(timer);
    try {
      if (!document.hidden) await ask();
      waitMs = everyMs;
    } catch {
      waitMs = Math.min(waitMs * 2, backOffMaxMs);
    }
    if (!isOver) timer = window.setTimeout(run, waitMs);
  };
  const onVisible = () => {
    if (!document.hidden) void run();
  };
  document.addEventListener('visibilitychange', onVisible);
  void run();
  return () => {
    isOver = true;
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', onVisible);
  };
}

// `path` null: nothing is asked for.
export function usePolled<T>(path: string | null, everyMs = 5_000): Polled<T> {
  const [value, setValue] = useState<T>();
  const [error, setError] = useState<ApiError>();
  const [round, setRound] = useState(0);
  const shown = useRef(path);
  useEffect(() => {
    if (shown.current !== path) setValue(undefined);
    shown.current = path;
    if (path === null) return;
    const gone = new AbortController();
    const ask = async () => {
      try {
        const answer = await json<T>(path, {signal: gone.signal});
        if (gone.signal.aborted) return;
        setValue(answer);
        setError(undefined);
      } catch (reason) {
        if (gone.signal.aborted) return;
        setError(reason instanceof ApiError ? reason : new ApiError(0, String(reason)));
        throw reason;
      }
    };
    const end = poll(ask, everyMs);
    return () => {
      gone.abort();
      end();
    };
  }, [path, everyMs, round]);
  const refresh = useCallback(() => setRound(before => before + 1), []);
  return {value, error, refresh};
}
