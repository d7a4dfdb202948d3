import {useState} from 'preact/hooks';
import {at, send} from '../net/api';
import {usePolled} from '../net/poll';
import type {User} from '../net/types';
import {may, me} from '../state/session';
import {t} from '../texts';
import {Action} from '../ui/action';
import {Asked} from '../ui/states';
import {Table, type Column} from '../ui/table';

const text = t.users;

function Controls({user, refresh}: {user: User; refresh: () => void}) {
  const path = at('users', user.name);
  const turn = () => send(path, {method: 'PATCH', body: {disabled: !user.disabled}});
  return (
    <div class="row">
      <Action run={turn} done={refresh}>{user.disabled ? text.enable : text.disable}</Action>
      <Action run={() => send(path, {method: 'DELETE'})} done={refresh} confirm={text.removeAsk(user.name)}>
        {text.remove}
      </Action>
    </div>
  );
}

function columnsOf(refresh: () => void): Column<User>[] {
  const columns: Column<User>[] = [
    {title: text.name, cell: user => user.name},
    {title: text.roles, cell: user => user.roles.join(', ')},
    {title: text.state, cell: user => (user.disabled ? text.disabled : text.active)},
    {title: text.password, cell: user => (user.has_password ? t.yes : t.no)},
    {title: text.tokens, cell: user => user.tokens, isNumber: true},
  ];
  if (may('users', 'administer')) columns.push({title: '', cell: user => <Controls user={user} refresh={refresh} />});
  return columns;
}

function NewUser({refresh}: {refresh: () => void}) {
  const [name, setName] = useState('');
  const [roles, setRoles] = useState('');
  const [password, setPassword] = useState('');
  const add = async () => {
    const named = roles.split(',').map(role => role.trim()).filter(role => role !== '');
    await send('/api/v1/users', {method: 'POST', body: {name, roles: named, password: password || null}});
    setName('');
    setRoles('');
    setPassword('');
  };
  return (
    <details>
      <summary>{text.make}</summary>
      <div class="row">
        <label>{text.name}<input autocomplete="off" value={name} onInput={event => setName(event.currentTarget.value)} /></label>
        <label>{text.rolesHelp}<input value={roles} onInput={event => setRoles(event.currentTarget.value)} /></label>
        <label>{text.password}<input type="password" autocomplete="new-password" value={password}
          onInput={event => setPassword(event.currentTarget.value)} /></label>
        <Action run={add} done={refresh} isMain isDisabled={name === ''}>{text.add}</Action>
      </div>
    </details>
  );
}

function OwnPassword({user}: {user: string}) {
  const [old, setOld] = useState('');
  const [fresh, setFresh] = useState('');
  const [isChanged, setChanged] = useState(false);
  const change = async () => {
    setChanged(false);
    await send(at('users', user, 'password'), {method: 'POST', body: {old, new: fresh}});
    setOld('');
    setFresh('');
    setChanged(true);
  };
  return (
    <details>
      <summary>{text.own}</summary>
      <div class="row">
        <label>{text.old}<input type="password" autocomplete="current-password" value={old}
          onInput={event => setOld(event.currentTarget.value)} /></label>
        <label>{text.fresh}<input type="password" autocomplete="new-password" value={fresh}
          onInput={event => setFresh(event.currentTarget.value)} /></label>
        <Action run={change} isMain isDisabled={old === '' || fresh === ''}>{text.change}</Action>
        {isChanged && <span role="status">{text.changed}</span>}
      </div>
    </details>
  );
}

function All() {
  const {value, error, refresh} = usePolled<User[]>('/api/v1/users?limit=10000', 10_000);
  return (
    <>
      <Asked value={value} error={error} empty={text.none}>
        <Table label={t.parts.users} columns={columnsOf(refresh)} rows={value ?? []} keyOf={user => user.name} />
      </Asked>
      {may('users', 'administer') && <NewUser refresh={refresh} />}
    </>
  );
}

export function Users() {
  const who = me.value;
  return (
    <>
      {may('users', 'read') && <All />}
      {who?.kind === 'user' && <OwnPassword user={who.name} />}
    </>
  );
}
