// The editor of statements: colours, completion, and marks where the server found a fault. It is loaded
// when somebody writes one, not before.

import {autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, type CompletionContext, type CompletionResult} from '@codemirror/autocomplete';
import {defaultKeymap, history, historyKeymap} from '@codemirror/commands';
import {SQLDialect, sql} from '@codemirror/lang-sql';
import {HighlightStyle, bracketMatching, syntaxHighlighting} from '@codemirror/language';
import {lintGutter, setDiagnostics} from '@codemirror/lint';
import {EditorState, Prec} from '@codemirror/state';
import {EditorView, keymap, lineNumbers} from '@codemirror/view';
import {tags} from '@lezer/highlight';
import {namesOfSite} from '../net/names';
import {columns, functions, keywords} from '../state/sql_words';

// Where the server says that a text is wrong, both from 1.
export interface Fault {
  line: number;
  column: number;
  message: string;
}

export interface CodeEditor {
  setText: (text: string) => void;
  mark: (fault: Fault | undefined) => void;
  destroy: () => void;
}

const dialect = SQLDialect.define({
  keywords,
  builtin: functions.join(' '),
  caseInsensitiveIdentifiers: true,
});

const colours = HighlightStyle.define([
  {tag: tags.keyword, color: 'var(--series-2)'},
  {tag: [tags.string, tags.special(tags.string)], color: 'var(--good)'},
  {tag: tags.standard(tags.name), color: 'var(--series-4)'},
  {tag: [tags.number, tags.bool, tags.null], color: 'var(--warn)'},
  {tag: tags.comment, color: 'var(--soft)', fontStyle: 'italic'},
]);

async function complete(context: CompletionContext): Promise<CompletionResult | null> {
  const word = context.matchBefore(/[A-Za-z_"][\w."]*/);
  if (!word && !context.explicit) return null;
  const names = await namesOfSite();
  return {
    from: word?.from ?? context.pos,
    validFor: /^[\w."]*$/,
    options: [
      ...names.fields.map(label => ({label, type: 'property', boost: 2})),
      ...names.relations.map(label => ({label, type: 'class', boost: 1})),
      ...columns.map(label => ({label, type: 'variable', boost: 1})),
      ...functions.map(label => ({label, type: 'function', apply: `${label}(`})),
      ...keywords.split(' ').map(label => ({label: label.toUpperCase(), type: 'keyword', boost: -1})),
    ],
  };
}

const look = EditorView.theme({
  '&': {background: 'var(--card)', color: 'var(--text)', border: '1px solid var(--soft)', borderRadius: '6px', fontSize: '13px'},
  '&.cm-focused': {outline: '2px solid var(--accent)', outlineOffset: '2px'},
  '.cm-scroller': {fontFamily: 'ui-monospace, monospace', lineHeight: '1.45', minHeight: '5.8em', maxHeight: '30em'},
  '.cm-content': {caretColor: 'var(--text)'},
  '.cm-gutters': {background: 'var(--ground)', color: 'var(--soft)', border: 'none'},
  '.cm-cursor': {borderLeftColor: 'var(--text)'},
  '.cm-tooltip': {background: 'var(--card)', color: 'var(--text)', border: '1px solid var(--line)'},
  '.cm-tooltip-autocomplete ul li[aria-selected]': {background: 'var(--accent)', color: 'var(--on-accent)'},
});

// What is typed is put in here, not by the browser: that would at times give it the look of what stands beside it in
// a style attribute, which the policy of the server refuses, loudly. What is being composed is left to it.
const typed = EditorView.domEventHandlers({
  beforeinput: (event, view) => {
    const {data, inputType, isComposing} = event;
    if (inputType !== 'insertText' || data === null || isComposing) return false;
    event.preventDefault();
    // Where the browser would put it: the editor may not have heard yet of a selection that was just made.
    const [range] = event.getTargetRanges();
    const {from, to} = range
      ? {from: view.posAtDOM(range.startContainer, range.startOffset), to: view.posAtDOM(range.endContainer, range.endOffset)}
      : view.state.selection.main;
    const insert = () => view.state.update({
      changes: {from, to, insert: data},
      selection: {anchor: from + data.length},
      userEvent: 'input.type',
      scrollIntoView: true,
    });
    // As brackets are closed.
    const isTaken = view.state.facet(EditorView.inputHandler).some(take => take(view, from, to, data, insert));
    if (!isTaken) view.dispatch(insert());
    return true;
  },
});

// `attributes` of what is written in, for who cannot see it.
export function makeCodeEditor(root: ShadowRoot, text: string, attributes: Record<string, string>,
  changed: (text: string) => void, run: () => void): CodeEditor {
  let isSetting = false;
  const view = new EditorView({
    parent: root,
    root,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        history(),
        bracketMatching(),
        closeBrackets(),
        lintGutter(),
        sql({dialect}),
        syntaxHighlighting(colours),
        autocompletion({override: [complete]}),
        Prec.highest(keymap.of([{key: 'Mod-Enter', run: () => (run(), true)}])),
        // Tab leaves the editor, as anywhere else on the page.
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap]),
        look,
        typed,
        EditorView.lineWrapping,
        EditorView.contentAttributes.of(attributes),
        EditorView.updateListener.of(update => {
          if (update.docChanged && !isSetting) changed(update.state.doc.toString());
        }),
      ],
    }),
  });
  return {
    setText: next => {
      if (next === view.state.doc.toString()) return;
      isSetting = true;
      view.dispatch({changes: {from: 0, to: view.state.doc.length, insert: next}});
      isSetting = false;
    },
    mark: fault => {
      if (!fault) return view.dispatch(setDiagnostics(view.state, []));
      const line = view.state.doc.line(Math.min(Math.max(fault.line, 1), view.state.doc.lines));
      // What is missing at the end of a line is marked at its last character.
      const from = Math.max(line.from, Math.min(line.from + fault.column - 1, line.to - 1));
      const word = view.state.wordAt(from); // also one that ends here
      const to = word && word.to > from ? word.to : Math.min(from + 1, line.to);
      view.dispatch(setDiagnostics(view.state, [{from, to, severity: 'error', message: fault.message}]));
    },
    destroy: () => view.destroy(),
  };
}
