import {at, send} from '../net/api';
import {usePolled} from '../net/poll';
import type {Rule} from '../net/types';
import {count} from '../state/format';
import {link, route} from '../state/route';
import {may} from '../state/session';
import {t} from '../texts';
import {Action} from '../ui/action';
import {Asked, Failure} from '../ui/states';
import {Table, type Column} from '../ui/table';
import {RuleEditor} from './rule_editor';

const text = t.rules;
const isNew = 'new rule'; // no rule can be called so: a name has no space

const columns: Column<Rule>[] = [
  {title: text.name, cell: rule => <a href={link('rules', rule.name)}>{rule.name}</a>},
  {title: text.status, cell: rule => <span class={`badge ${rule.status}`} title={rule.reason}>{rule.status}</span>},
  {title: text.madeBy, cell: rule => rule.made_by},
  {title: text.lag, cell: rule => count(rule.lag), isNumber: true},
  {title: text.read, cell: rule => count(rule.counts['records_in'] ?? 0), isNumber: true},
  {title: text.rows, cell: rule => count(rule.counts['rows_out'] ?? 0), isNumber: true},
  {title: text.alarms, cell: rule => count(rule.counts['alarms_raised'] ?? 0), isNumber: true},
  {title: text.errors, cell: rule => count(rule.counts['errors'] ?? 0), isNumber: true},
];

function List() {
  const {value, error} = usePolled<Rule[]>('/api/v1/rules', 3_000);
  return (
    <>
      {may('rules', 'manage') && <p><a class="button" href={link('rules', isNew)}>{text.make}</a></p>}
      <Asked value={value} error={error} empty={text.none}>
        <Table label={t.parts.rules} columns={columns} rows={value ?? []} keyOf={rule => rule.name} />
      </Asked>
    </>
  );
}

function Controls({rule, refresh}: {rule: Rule; refresh: () => void}) {
  const post = (what: string) => () => send(at('rules', rule.name, what), {method: 'POST'});
  const remove = async () => {
    await send(at('rules', rule.name), {method: 'DELETE'});
    location.hash = link('rules');
  };
  return (
    <div class="row">
      {rule.status === 'paused'
        ? <Action run={post('resume')} done={refresh}>{text.resume}</Action>
        : <Action run={post('pause')} done={refresh}>{text.pause}</Action>}
      <Action run={remove} confirm={text.removeAsk(rule.name)}>{text.remove}</Action>
    </div>
  );
}

function One({name}: {name: string}) {
  const {value: rule, error, refresh} = usePolled<Rule>(at('rules', name), 3_000);
  return (
    <>
      <h2>{name}</h2>
      <Failure error={error} />
      {rule && (
        <>
          <Table label={name} columns={columns} rows={[rule]} keyOf={one => one.name} />
          {rule.reason && <p class="note">{rule.reason}</p>}
          {rule.last_error && <Failure error={new Error(rule.last_error)} />}
          {rule.warnings.length > 0 && <p class="note">{text.warnings}{rule.warnings.join(', ')}</p>}
          {may('rules', 'manage') && <Controls rule={rule} refresh={refresh} />}
          <RuleEditor rule={rule} />
        </>
      )}
    </>
  );
}

export function Rules() {
  const name = route.value.item;
  if (name === undefined) return <List />;
  return (
    <>
      <p><a href={link('rules')}>{text.back}</a></p>
      {name === isNew ? <RuleEditor /> : <One name={name} />}
    </>
  );
}
