import {at, send, withQuery} from '../net/api';
import {usePolled} from '../net/poll';
import type {Client, ExplainedClient, Refusal} from '../net/types';
import {count, time} from '../state/format';
import {link, param, route, setParams} from '../state/route';
import {may} from '../state/session';
import {t} from '../texts';
import {Action} from '../ui/action';
import {Asked, Empty, Failure} from '../ui/states';
import {Table, type Column} from '../ui/table';

const text = t.clients;

const columns: Column<Client>[] = [
  {title: text.id, cell: client => <a href={link('clients', client.client_id)}>{client.client_id}</a>},
  {title: text.user, cell: client => client.user},
  {title: text.state, cell: client => (client.connected ? text.connected : text.waiting)},
  {title: text.address, cell: client => client.address ?? ''},
  {title: text.since, cell: client => time(client.connected_ms ?? client.disconnected_ms), isTime: true},
  {title: text.version, cell: client => text.versions[client.protocol_version] ?? ''},
  {title: text.subscriptions, cell: client => count(client.subscription_count), isNumber: true},
  {title: text.queued, cell: client => count(client.queued_messages), isNumber: true},
  {title: text.inFlight, cell: client => count(client.in_flight), isNumber: true},
];

function List() {
  const search = param('search');
  const {value, error} = usePolled<{clients: Client[]; truncated: boolean}>(
    withQuery('/api/v1/clients', {search, limit: 200}), 3_000);
  return (
    <>
      <div class="row filters">
        <label>{t.search}{' '}
          <input type="search" value={search} onInput={event => setParams({search: event.currentTarget.value})} />
        </label>
      </div>
      <Asked value={value?.clients} error={error} empty={text.none}>
        <Table label={t.parts.clients} columns={columns} rows={value?.clients ?? []} keyOf={client => client.client_id} />
      </Asked>
      {value?.truncated && <p class="soft">{text.more}</p>}
    </>
  );
}

const refusalColumns: Column<Refusal>[] = [
  {title: text.at, cell: refusal => time(refusal.at_ms), isTime: true},
  {title: text.user, cell: refusal => refusal.user},
  {title: text.address, cell: refusal => refusal.address},
  {title: text.action, cell: refusal => refusal.action},
  {title: text.resource, cell: refusal => refusal.resource},
  {title: text.why, cell: refusal => refusal.why},
];

export function Explained({client}: {client: ExplainedClient}) {
  const subscriptions = client.subscriptions ?? [];
  return (
    <>
      {client.known
        ? <Table label={client.client_id} columns={columns} rows={[client as Client]} keyOf={one => one.client_id} />
        : <Empty>{text.unknown}</Empty>}
      <h3>{text.subscriptions}</h3>
      {subscriptions.length === 0 ? <Empty>{text.noSubscriptions}</Empty> : (
        <Table label={text.subscriptions} rows={subscriptions} keyOf={one => one.filter} columns={[
          {title: text.filter, cell: one => one.filter},
          {title: 'QoS', cell: one => one.qos, isNumber: true},
          {title: text.denied, cell: one => (one.denied ? one.why ?? t.yes : '')},
        ]} />
      )}
      <h3>{text.refusals}</h3>
      {client.refusals.length === 0 ? <Empty>{text.noRefusals}</Empty> : (
        <Table label={text.refusals} columns={refusalColumns} rows={client.refusals} keyOf={(_, index) => index} />
      )}
    </>
  );
}

function One({id}: {id: string}) {
  const {value: client, error, refresh} = usePolled<ExplainedClient>(at('clients', id), 3_000);
  return (
    <>
      <p><a href={link('clients')}>{text.back}</a></p>
      <h2>{id}</h2>
      <Failure error={error} />
      {client?.connected && may('clients', 'manage') && (
        <Action run={() => send(at('clients', id), {method: 'DELETE'})} done={refresh}
          confirm={text.disconnectAsk(id)}>{text.disconnect}</Action>
      )}
      {client && <Explained client={client} />}
    </>
  );
}

export function Clients() {
  const id = route.value.item;
  return id === undefined ? <List /> : <One id={id} />;
}
