// A text that is written here: a statement, a definition, events. Ctrl+Enter runs it.

import {useEffect, useRef, useState} from 'preact/hooks';
import type {CodeEditor, Fault} from './code_editor';

export function Editor({label, value, change, run, rows = 8}: {
  label: string;
  value: string;
  change: (value: string) => void;
  run?: () => void;
  rows?: number;
}) {
  return (
    <label class="editor">
      <span>{label}</span>
      <textarea rows={rows} spellcheck={false} autocomplete="off" value={value}
        onInput={event => change(event.currentTarget.value)}
        onKeyDown={event => {
          if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey) || !run) return;
          event.preventDefault();
          run();
        }} />
    </label>
  );
}

// The place that the server names in what it says of a statement.
function faultOf(error: Error | undefined): Fault | undefined {
  const found = /line (\d+), column (\d+)/.exec(error?.message ?? '');
  return error && found ? {line: Number(found[1]), column: Number(found[2]), message: error.message} : undefined;
}

// A statement in SQL. Its editor is loaded when it is shown; until then, and where it cannot be loaded,
// it is written in a plain field.
export function SqlEditor({label, value, change, run = () => undefined, rows, error}: Parameters<typeof Editor>[0] & {error?: Error | undefined}) {
  const frame = useRef<HTMLDivElement>(null);
  const made = useRef<CodeEditor | null>(null);
  const written = useRef<string[]>([]);
  const now = useRef({value, change, run});
  now.current = {value, change, run};
  const [isMade, setMade] = useState(false);
  const fault = faultOf(error);
  useEffect(() => {
    let isGone = false;
    void import('./code_editor').then(({makeCodeEditor}) => {
      if (isGone || !frame.current) return;
      // In a tree of its own, where its styles are taken: the policy of the server refuses a style element.
      const root = frame.current.shadowRoot ?? frame.current.attachShadow({mode: 'open'});
      made.current = makeCodeEditor(root, now.current.value, {'aria-label': label, 'aria-multiline': 'true', role: 'textbox'},
        text => {
          written.current.push(text);
          now.current.change(text);
        }, () => now.current.run());
      setMade(true);
    }, () => undefined);
    return () => {
      isGone = true;
      made.current?.destroy();
      made.current = null;
    };
  }, [label]);
  useEffect(() => {
    // What was written here comes back as a value, perhaps when more was written since: that is no change.
    const own = written.current.indexOf(value);
    written.current = own < 0 ? [] : written.current.slice(own);
    if (own < 0) made.current?.setText(value);
  }, [value, isMade]);
  useEffect(() => made.current?.mark(fault), [fault?.line, fault?.column, fault?.message, isMade]);
  return (
    <>
      {!isMade && <Editor label={label} value={value} change={change} run={run} {...(rows === undefined ? {} : {rows})} />}
      <div class="editor" hidden={!isMade}>
        <span aria-hidden="true">{label}</span>
        <div class="code" ref={frame} />
      </div>
    </>
  );
}
