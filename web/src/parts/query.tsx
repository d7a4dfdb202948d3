// Statements that are tried, all of them in the address, and the notebooks that are kept.

import {useState} from 'preact/hooks';
import {nameOf, saveNotebook, type Show} from '../net/notebooks';
import {go, link, param, route, setParams} from '../state/route';
import {may} from '../state/session';
import {t} from '../texts';
import {Action} from '../ui/action';
import {RangePicker} from '../ui/range';
import {Notebook} from './notebook';
import {Notebooks} from './notebooks';
import {Paragraph} from './paragraph';

const text = t.query;
const first = 'SELECT ts, topic, payload FROM events ORDER BY ts DESC LIMIT 20';

function statementsOf(address: string): string[] {
  try {
    const parsed: unknown = JSON.parse(address);
    if (Array.isArray(parsed) && parsed.length > 0) return parsed.map(String);
  } catch {
    // No statements in the address: a new one.
  }
  return [first];
}

function Keep({statements}: {statements: readonly string[]}) {
  const [title, setTitle] = useState('');
  const save = async () => {
    const paragraphs = statements.map(statement => ({kind: 'sql' as const, text: statement}));
    await saveNotebook(nameOf(title), {title, paragraphs});
    go(link('query', nameOf(title)));
  };
  return (
    <div class="row">
      <label>{text.title} <input value={title} maxLength={100} onInput={event => setTitle(event.currentTarget.value)} /></label>
      <Action run={save} isDisabled={title.trim() === ''}>{text.keep}</Action>
    </div>
  );
}

function Statements() {
  const statements = statementsOf(param('sql'));
  const keep = (next: string[]) => setParams({sql: JSON.stringify(next)});
  return (
    <>
      <Notebooks />
      <div class="row filters">
        <RangePicker />
        <span class="soft">{text.help}</span>
      </div>
      {statements.map((statement, index) => (
        <Statement key={index} number={index + 1} statement={statement}
          change={changed => keep(statements.with(index, changed))}
          {...(statements.length > 1 ? {remove: () => keep(statements.toSpliced(index, 1))} : {})} />
      ))}
      <button type="button" onClick={() => keep([...statements, ''])}>{text.add}</button>
      {may('notebooks', 'manage') && <Keep statements={statements} />}
    </>
  );
}

// How its result is shown is of this view alone: the address has statements.
function Statement({number, statement, change, remove}: {
  number: number;
  statement: string;
  change: (statement: string) => void;
  remove?: () => void;
}) {
  const [show, setShow] = useState<Show>('auto');
  return (
    <Paragraph number={number} paragraph={{kind: 'sql', text: statement, show}} {...(remove ? {remove} : {})}
      change={next => {
        setShow(next.show ?? 'auto');
        if (next.text !== statement) change(next.text);
      }} />
  );
}

export function Query() {
  const name = route.value.item;
  return name === undefined ? <Statements /> : <Notebook name={name} />;
}
