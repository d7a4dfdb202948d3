// The address says everything that makes a view: #/log/events?partition=1&offset=17

import {computed, signal} from '@preact/signals';

export interface Route {
  part: string;
  item: string | undefined;
  params: URLSearchParams;
}

function decoded(level: string): string {
  try {
    return decodeURIComponent(level);
  } catch {
    return level; // a broken escape names nothing, and finds nothing
  }
}

export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split(/\?(.*)/s);
  const [part, item] = path.split('/').map(decoded);
  return {part: part || 'overview', item: item || undefined, params: new URLSearchParams(query)};
}

export function link(part: string, item?: string, params?: Record<string, string>): string {
  const query = params ? `?${new URLSearchParams(params)}` : '';
  return `#/${part}${item === undefined ? '' : `/${encodeURIComponent(item)}`}${query}`;
}

const hash = signal(location.hash);
window.addEventListener('hashchange', () => (hash.value = location.hash));

export const route = computed(() => parseRoute(hash.value));

export function go(to: string) {
  location.hash = to;
}

// Sets parameters of this view, undefined or empty takes one away. Typing does not fill the history.
export function setParams(changes: Record<string, string | undefined>) {
  const {part, item, params} = route.value;
  const next = new URLSearchParams(params);
  for (const [name, value] of Object.entries(changes)) {
    if (value) next.set(name, value);
    else next.delete(name);
  }
  const to = link(part, item, Object.fromEntries(next)).replace(/\?$/, '');
  history.replaceState(null, '', to);
  hash.value = to;
}

// Shown without what changes it or leads elsewhere: for a screen on a wall.
export const isKiosk = () => param('kiosk') === '1';

export function param(name: string, fallback = ''): string {
  return route.value.params.get(name) ?? fallback;
}
