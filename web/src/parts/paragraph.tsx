// A paragraph of a notebook: a text, or a statement with what it gave.

import {useEffect, useRef, useState} from 'preact/hooks';
import {shows, type NotebookParagraph} from '../net/notebooks';
import {query} from '../net/query';
import type {QueryAnswer} from '../net/types';
import {t} from '../texts';
import {Editor, SqlEditor} from '../ui/editor';
import {Markdown} from '../ui/markdown';
import {rangeMs, rangeName} from '../ui/range';
import {Failure} from '../ui/states';
import {Result} from './result';

const text = t.query;

export type Params = Record<string, string | number>;

interface Shown {
  number: number;
  paragraph: NotebookParagraph;
  change: (next: NotebookParagraph) => void;
  remove?: () => void;
  params?: Params;
  round?: number;    // run when it rises
  isBare?: boolean;  // without what changes it
}

// The answer to a statement; the one before stays until the next is there.
function useAnswer(statement: string, params: Params) {
  const [answer, setAnswer] = useState<QueryAnswer>();
  const [error, setError] = useState<Error>();
  const [isRunning, setRunning] = useState(false);
  const running = useRef<AbortController | null>(null);
  const run = async () => {
    running.current?.abort();
    const gone = (running.current = new AbortController());
    setRunning(true);
    setError(undefined);
    const {from, to} = rangeMs(rangeName());
    const range = {from: new Date(from).toISOString(), to: new Date(to).toISOString()};
    try {
      setAnswer(await query(statement, {...params, ...range}, gone.signal));
    } catch (reason) {
      if (!gone.signal.aborted) setError(reason as Error);
    } finally {
      if (running.current === gone) setRunning(false);
    }
  };
  const stop = () => running.current?.abort();
  useEffect(() => stop, []);
  return {answer, error, isRunning, run, stop};
}

function ShowPicker({paragraph, change}: Pick<Shown, 'paragraph' | 'change'>) {
  return (
    <label>{text.show}{' '}
      <select value={paragraph.show ?? 'auto'}
        onChange={event => change({...paragraph, show: shows.find(name => name === event.currentTarget.value) ?? 'auto'})}>
        {shows.map(name => <option key={name} value={name}>{text.shows[name]}</option>)}
      </select>
    </label>
  );
}

function Statement({number, paragraph, change, remove, params = {}, round = 0, isBare = false}: Shown) {
  const {answer, error, isRunning, run, stop} = useAnswer(paragraph.text, params);
  useEffect(() => {
    if (round > 0) void run();
  }, [round]);
  return (
    <section class="card" aria-label={`${text.paragraph} ${number}`}>
      {!isBare && (
        <>
          <SqlEditor label={text.statement} value={paragraph.text} change={changed => change({...paragraph, text: changed})} run={run} rows={4} error={error} />
          <div class="row">
            <button type="button" class="main" onClick={run} disabled={isRunning}>{text.run}</button>
            {isRunning && <button type="button" onClick={stop}>{text.stop}</button>}
            <ShowPicker paragraph={paragraph} change={change} />
            {remove && <button type="button" onClick={remove}>{text.remove}</button>}
          </div>
        </>
      )}
      <Failure error={error} />
      {answer && !error && <Result answer={answer} show={paragraph.show ?? 'auto'} isBare={isBare} />}
    </section>
  );
}

function Text({number, paragraph, change, remove, isBare = false}: Shown) {
  const [isWritten, setWritten] = useState(paragraph.text === '');
  if (isBare) return <Markdown text={paragraph.text} />;
  return (
    <section class="card" aria-label={`${text.paragraph} ${number}`}>
      {isWritten
        ? <Editor label={text.markdown} value={paragraph.text} change={changed => change({...paragraph, text: changed})} run={() => setWritten(false)} rows={5} />
        : <Markdown text={paragraph.text} />}
      <div class="row">
        <button type="button" onClick={() => setWritten(!isWritten)}>{isWritten ? text.showText : text.edit}</button>
        {remove && <button type="button" onClick={remove}>{text.remove}</button>}
      </div>
    </section>
  );
}

export function Paragraph(shown: Shown) {
  return shown.paragraph.kind === 'markdown' ? <Text {...shown} /> : <Statement {...shown} />;
}
