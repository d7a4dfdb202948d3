import {useState} from 'preact/hooks';
import {at, json, send, withQuery} from '../net/api';
import {usePolled} from '../net/poll';
import type {Token} from '../net/types';
import {time} from '../state/format';
import {param, setParams} from '../state/route';
import {may} from '../state/session';
import {t} from '../texts';
import {Action} from '../ui/action';
import {Asked} from '../ui/states';
import {Table, type Column} from '../ui/table';

const text = t.tokens;

function columnsOf(refresh: () => void): Column<Token>[] {
  return [
    {title: text.label, cell: token => token.label || token.id},
    {title: text.user, cell: token => token.user},
    {title: text.created, cell: token => time(token.created_ms), isTime: true},
    {title: text.expires, cell: token => (token.expires_ms === null ? text.never : time(token.expires_ms)), isTime: true},
    {title: '', cell: token => (
      <Action run={() => send(at('tokens', token.id), {method: 'DELETE'})} done={refresh}
        confirm={text.revokeAsk(token.label || token.id)}>{text.revoke}</Action>
    )},
  ];
}

function NewToken({refresh}: {refresh: () => void}) {
  const [label, setLabel] = useState('');
  const [expires, setExpires] = useState('90d');
  const [made, setMade] = useState<Token>();
  const make = async () => {
    setMade(undefined);
    setMade(await json<Token>('/api/v1/tokens', {method: 'POST', body: {label, expires}}));
    setLabel('');
  };
  return (
    <section class="card">
      <h2>{text.make}</h2>
      <div class="row">
        <label>{text.label}<input value={label} onInput={event => setLabel(event.currentTarget.value)} /></label>
        <label>{text.lifetime}<input value={expires} onInput={event => setExpires(event.currentTarget.value)} /></label>
        <Action run={make} done={refresh} isMain>{text.add}</Action>
      </div>
      {made?.token && <p class="note" role="status">{text.once} <code>{made.token}</code></p>}
    </section>
  );
}

export function Tokens() {
  const mayAll = may('users', 'administer');
  const isAll = mayAll && param('all') === 'true';
  const {value, error, refresh} = usePolled<Token[]>(
    withQuery('/api/v1/tokens', {user: isAll ? '*' : undefined}), 10_000);
  return (
    <>
      {mayAll && (
        <div class="row filters">
          <label><input type="checkbox" checked={isAll}
            onChange={event => setParams({all: event.currentTarget.checked ? 'true' : undefined})} />{' '}{text.all}</label>
        </div>
      )}
      <Asked value={value} error={error} empty={text.none}>
        <Table label={t.parts.tokens} columns={columnsOf(refresh)} rows={value ?? []} keyOf={token => token.id} />
      </Asked>
      <NewToken refresh={refresh} />
    </>
  );
}
