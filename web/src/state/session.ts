// Who looks at the page, and what he may do. The server asks again for each request; this only
// keeps the page from offering what would be refused.

import {signal} from '@preact/signals';
import {json, mustSignIn, send} from '../net/api';
import type {Me} from '../net/types';

export const me = signal<Me | undefined>(undefined);

export async function loadMe(): Promise<void> {
  const answer = await json<Me>('/api/v1/me');
  mustSignIn.value = false;
  me.value = answer;
}

export function may(area: string, action: 'read' | 'manage' | 'administer' | 'write'): boolean {
  return me.value?.areas[area]?.includes(action) ?? false;
}

export async function signIn(user: string, password: string): Promise<void> {
  await send('/api/v1/login', {method: 'POST', body: {user, password}});
  await loadMe();
}

export async function signOut(): Promise<void> {
  await send('/api/v1/logout', {method: 'POST'});
  me.value = undefined;
  await loadMe().catch(() => (mustSignIn.value = true));
}
