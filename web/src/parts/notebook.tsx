// A notebook that the server keeps, or one to begin with: read, run, changed, saved.

import {useEffect, useState} from 'preact/hooks';
import {ApiError} from '../net/api';
import {
  nameOf, newestTag, readNotebook, removeNotebook, revisionsOf, saveNotebook,
  type Notebook as Document, type NotebookRevision, type SavedNotebook,
} from '../net/notebooks';
import {poll} from '../net/poll';
import {time} from '../state/format';
import {go, isKiosk, link, param, route, setParams} from '../state/route';
import {may} from '../state/session';
import {starters} from '../state/starters';
import {t} from '../texts';
import {Action} from '../ui/action';
import {RangePicker} from '../ui/range';
import {saveAs} from '../ui/save';
import {Empty, Failure} from '../ui/states';
import {ParamControls, ParamForm, valuesOf} from './notebook_params';
import {Paragraph} from './paragraph';

const text = t.query;
const refreshes = [0, 10, 30, 60, 300, 3_600];

function Revisions({name, shown}: {name: string; shown: number}) {
  const [all, setAll] = useState<NotebookRevision[]>();
  const [error, setError] = useState<Error>();
  useEffect(() => void revisionsOf(name).then(setAll, setError), [name, shown]);
  return (
    <details>
      <summary>{text.revisions}</summary>
      <Failure error={error} />
      <ul>
        {all?.map(one => (
          <li key={one.revision}>
            <a href={link('query', name, {rev: String(one.revision)})} aria-current={one.revision === shown ? 'true' : undefined}>
              {text.revision(one.revision)}
            </a>{' '}
            <span class="soft">{time(one.saved_ms)} <bdi>{one.saved_by}</bdi></span> <bdi>{one.title}</bdi>
          </li>
        ))}
      </ul>
    </details>
  );
}

// `saved` undefined: it is not kept yet.
function Saving({name, document, saved, done}: {
  name: string;
  document: Document;
  saved: SavedNotebook | undefined;
  done: () => void;
}) {
  const [asName, setName] = useState(nameOf(document.title));
  const save = async () => {
    // An old revision takes the place of the newest.
    await saveNotebook(name, document, param('rev') === '' ? saved?.etag : await newestTag(name));
    setParams({rev: undefined});
    done();
  };
  const saveAsNew = async () => {
    await saveNotebook(asName, document);
    go(link('query', asName));
  };
  return (
    <div class="row">
      {saved && <Action run={save} isMain>{text.save}</Action>}
      <label>{text.name} <input value={asName} maxLength={64} onInput={event => setName(event.currentTarget.value)} /></label>
      <Action run={saveAsNew} isMain={!saved}>{text.saveAs}</Action>
      {saved && (
        <Action run={async () => {
          await removeNotebook(name);
          go(link('query'));
        }} confirm={text.removeAsk(name)}>{text.removeNotebook}</Action>
      )}
    </div>
  );
}

function Head({document, change}: {document: Document; change: (next: Document) => void}) {
  return (
    <div class="row">
      <label>{text.title} <input value={document.title} maxLength={100} onChange={event => change({...document, title: event.currentTarget.value || text.untitled})} /></label>
      <label>{text.refresh}{' '}
        <select value={document.refresh_s ?? 0} onChange={event => change({...document, refresh_s: Number(event.currentTarget.value)})}>
          {[...new Set([...refreshes, document.refresh_s ?? 0])].sort((a, b) => a - b)
            .map(seconds => <option key={seconds} value={seconds}>{text.every(seconds)}</option>)}
        </select>
      </label>
    </div>
  );
}

// Rises at once, when a value is another, and every so often while the page is in sight.
function useRounds(refreshS: number, values: string): [number, () => void] {
  const [round, setRound] = useState(0);
  const next = () => setRound(before => before + 1);
  useEffect(() => {
    if (refreshS === 0) return next();
    return poll(async () => next(), refreshS * 1_000);
  }, [refreshS, values]);
  return [round, next];
}

function Opened({name, document, saved, change, done}: {
  name: string;
  document: Document;
  saved: SavedNotebook | undefined;
  change: (next: Document) => void;
  done: () => void;
}) {
  const params = document.params ?? [];
  const values = valuesOf(params);
  const [round, runAll] = useRounds(document.refresh_s ?? 0, JSON.stringify([values, param('range')]));
  const isBare = isKiosk();
  const {paragraphs} = document;
  const setParagraphs = (next: Document['paragraphs']) => change({...document, paragraphs: next});
  const mayChange = may('notebooks', 'manage');
  return (
    <>
      <h2>{document.title}</h2>
      {!isBare && (
        <div class="row filters">
          <RangePicker />
          <ParamControls params={params} />
          <button type="button" class="main" onClick={runAll}>{text.runAll}</button>
          <button type="button" onClick={() => saveAs(`${nameOf(document.title)}.json`, 'application/json', `${JSON.stringify(document, null, 2)}\n`)}>{text.export}</button>
          <button type="button" onClick={() => setParams({kiosk: '1'})}>{text.kiosk}</button>
        </div>
      )}
      {paragraphs.map((paragraph, index) => (
        <Paragraph key={index} number={index + 1} paragraph={paragraph} params={values} round={round} isBare={isBare}
          change={next => setParagraphs(paragraphs.with(index, next))} remove={() => setParagraphs(paragraphs.toSpliced(index, 1))} />
      ))}
      {!isBare && (
        <>
          <div class="row">
            <button type="button" onClick={() => setParagraphs([...paragraphs, {kind: 'sql', text: ''}])}>{text.add}</button>
            <button type="button" onClick={() => setParagraphs([...paragraphs, {kind: 'markdown', text: ''}])}>{text.addText}</button>
          </div>
          <section class="card">
            <Head document={document} change={change} />
            <ParamForm params={params} change={next => change({...document, params: next})} />
            {mayChange && <Saving name={name} document={document} saved={saved} done={done} />}
          </section>
          {saved && <Revisions name={name} shown={saved.revision.revision} />}
        </>
      )}
    </>
  );
}

export function Notebook({name}: {name: string}) {
  const starter = starters[name];
  const revision = param('rev');
  const [document, setDocument] = useState<Document | undefined>(starter);
  const [saved, setSaved] = useState<SavedNotebook>();
  const [error, setError] = useState<Error>();
  const [reading, setReading] = useState(0);
  useEffect(() => {
    if (starter) return;
    let isGone = false;
    setError(undefined);
    readNotebook(name, revision).then(read => {
      if (isGone) return;
      setSaved(read);
      setDocument(read.notebook);
    }, reason => {
      if (!isGone) setError(reason instanceof ApiError ? reason : new Error(String(reason)));
    });
    return () => {
      isGone = true;
    };
  }, [name, revision, reading]);
  return (
    <>
      {!isKiosk() && <p><a href={link('query')}>{text.back}</a></p>}
      <Failure error={error} />
      {!document && !error && <Empty>{t.loading}</Empty>}
      {document && (
        <Opened key={`${route.value.item}/${saved?.revision.revision ?? 0}`} name={name} document={document} saved={saved}
          change={setDocument} done={() => setReading(reading + 1)} />
      )}
    </>
  );
}
