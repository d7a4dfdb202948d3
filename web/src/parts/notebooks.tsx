// The notebooks that there are: those that the server keeps, and those to begin with.

import {nameOf, saveNotebook, type Notebook, type NotebookSummary} from '../net/notebooks';
import {usePolled} from '../net/poll';
import {useState} from 'preact/hooks';
import {time} from '../state/format';
import {go, link} from '../state/route';
import {may} from '../state/session';
import {starters} from '../state/starters';
import {t} from '../texts';
import {Failure} from '../ui/states';

const text = t.query;

function Import() {
  const [error, setError] = useState<Error>();
  const take = async (file: File | undefined) => {
    if (!file) return;
    setError(undefined);
    try {
      const notebook = JSON.parse(await file.text()) as Notebook; // the server says whether it is one
      const name = nameOf(file.name.replace(/\.json$/i, ''));
      await saveNotebook(name, notebook);
      go(link('query', name));
    } catch (reason) {
      setError(reason instanceof SyntaxError ? new Error(text.notJson) : (reason as Error));
    }
  };
  return (
    <>
      <label>{text.import}{' '}
        <input type="file" accept=".json,application/json" onChange={event => {
          const input = event.currentTarget;
          void take(input.files?.[0]).finally(() => (input.value = ''));
        }} />
      </label>
      <Failure error={error} />
    </>
  );
}

export function Notebooks() {
  const {value, error} = usePolled<NotebookSummary[]>(may('notebooks', 'read') ? '/api/v1/notebooks' : null, 30_000);
  return (
    <section class="card" aria-label={text.notebooks}>
      <h2 class="first">{text.notebooks}</h2>
      <Failure error={error?.status === 0 ? undefined : error} />
      <ul class="links">
        {value?.map(one => (
          <li key={one.name}>
            <a href={link('query', one.name)}><bdi>{one.title}</bdi></a>{' '}
            <span class="soft">{one.name}, {time(one.saved_ms)} <bdi>{one.saved_by}</bdi></span>
          </li>
        ))}
        {Object.entries(starters).map(([name, starter]) => (
          <li key={name}><a href={link('query', name)}>{starter.title}</a> <span class="soft">{text.starter}</span></li>
        ))}
      </ul>
      {may('notebooks', 'manage') && <Import />}
    </section>
  );
}
