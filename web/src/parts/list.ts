// The parts of the page: a line here, a file beside it.

import type {ComponentType} from 'preact';
import {may, me} from '../state/session';
import {t} from '../texts';
import {Alarms} from './alarms';
import {Audit} from './audit';
import {Clients} from './clients';
import {Devices} from './devices';
import {Log} from './log';
import {Models} from './models';
import {Overview} from './overview';
import {Query} from './query';
import {Rules} from './rules';
import {Tokens} from './tokens';
import {Topics} from './topics';
import {Users} from './users';

export interface Part {
  name: string;
  title: string;
  view: ComponentType;
  key: string;            // pressed after g
  area?: string;          // that must be readable; without: the server filters what it lists
  needsUsers?: boolean;   // of no use where the site has none
}

export const parts: readonly Part[] = [
  {name: 'overview', title: t.parts.overview, view: Overview, key: 'o'},
  {name: 'alarms', title: t.parts.alarms, view: Alarms, key: 'a', area: 'alarms'},
  {name: 'topics', title: t.parts.topics, view: Topics, key: 't'},
  {name: 'devices', title: t.parts.devices, view: Devices, key: 'e'},
  {name: 'log', title: t.parts.log, view: Log, key: 'l'},
  {name: 'query', title: t.parts.query, view: Query, key: 'q', area: 'query'},
  {name: 'rules', title: t.parts.rules, view: Rules, key: 'r', area: 'rules'},
  {name: 'models', title: t.parts.models, view: Models, key: 'm', area: 'models'},
  {name: 'clients', title: t.parts.clients, view: Clients, key: 'c', area: 'clients'},
  {name: 'users', title: t.parts.users, view: Users, key: 'u', needsUsers: true},
  {name: 'tokens', title: t.parts.tokens, view: Tokens, key: 'k', needsUsers: true},
  {name: 'audit', title: t.parts.audit, view: Audit, key: 'd', area: 'audit'},
];

export function partNamed(name: string): Part | undefined {
  return parts.find(part => part.name === name);
}

export function mayShow(part: Part): boolean {
  if (part.needsUsers && (!me.value?.has_users || me.value.kind === 'anonymous')) return false;
  return part.area === undefined || may(part.area, 'read');
}
