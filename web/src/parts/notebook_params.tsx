// The parameters of a notebook: controls for their values, which stand in the address, and a form that
// says which there are.

import {paramKinds, type NotebookParam} from '../net/notebooks';
import {param, setParams} from '../state/route';
import {t} from '../texts';
import type {Params} from './paragraph';

const text = t.query;
const inAddress = 'values';

function chosen(): Record<string, unknown> {
  try {
    const values: unknown = JSON.parse(param(inAddress) || '{}');
    return typeof values === 'object' && values !== null ? (values as Record<string, unknown>) : {};
  } catch {
    return {}; // a link that was cut shows the values of the notebook
  }
}

// Of the address where it has them, else of the notebook.
export function valuesOf(params: readonly NotebookParam[]): Params {
  const given = chosen();
  return Object.fromEntries(params.map(one => {
    const value = given[one.name];
    return [one.name, typeof value === typeof one.value ? (value as string | number) : one.value];
  }));
}

// A number stays one: what is none yet changes nothing.
function Value({value, change}: {value: string | number; change: (next: string | number) => void}) {
  if (typeof value === 'string') return <input value={value} onChange={event => change(event.currentTarget.value)} />;
  return (
    <input type="number" step="any" value={value} onChange={event => {
      const next = event.currentTarget.valueAsNumber;
      if (Number.isFinite(next)) change(next);
    }} />
  );
}

export function ParamControls({params}: {params: readonly NotebookParam[]}) {
  const values = valuesOf(params);
  const set = (name: string, value: string | number) => setParams({[inAddress]: JSON.stringify({...values, [name]: value})});
  return (
    <>
      {params.map(one => (
        <label key={one.name}>{one.label ?? one.name}{' '}
          {one.kind === 'choice' ? (
            <select value={String(values[one.name])} onChange={event => set(one.name, event.currentTarget.value)}>
              {one.choices?.map(choice => <option key={choice}>{choice}</option>)}
            </select>
          ) : (
            <Value value={values[one.name] ?? one.value} change={value => set(one.name, value)} />
          )}
        </label>
      ))}
    </>
  );
}

// A parameter whose kind changes keeps what of its value fits.
function ofKind(one: NotebookParam, kind: NotebookParam['kind']): NotebookParam {
  const {choices: _, ...rest} = one;
  if (kind === 'number') return {...rest, kind, value: Number(one.value) || 0};
  const value = String(one.value);
  return kind === 'choice' ? {...rest, kind, value, choices: [value]} : {...rest, kind, value};
}

export function ParamForm({params, change}: {params: readonly NotebookParam[]; change: (next: NotebookParam[]) => void}) {
  const replace = (index: number, next: NotebookParam) => change(params.with(index, next));
  return (
    <details>
      <summary>{text.params}</summary>
      <p class="soft">{text.paramsHelp}</p>
      {params.map((one, index) => (
        <div class="row" key={index}>
          <label>{text.paramName}{' '}
            <input value={one.name} pattern="[a-z_][a-z0-9_]*" onChange={event => replace(index, {...one, name: event.currentTarget.value})} />
          </label>
          <label>{text.paramKind}{' '}
            <select value={one.kind}
              onChange={event => replace(index, ofKind(one, paramKinds.find(kind => kind === event.currentTarget.value) ?? 'text'))}>
              {paramKinds.map(kind => <option key={kind} value={kind}>{text.paramKinds[kind]}</option>)}
            </select>
          </label>
          <label>{text.paramValue}{' '}
            <Value value={one.value} change={value => replace(index, {...one, value})} />
          </label>
          {one.kind === 'choice' && (
            <label>{text.paramChoices}{' '}
              <input value={one.choices?.join(', ')}
                onChange={event => replace(index, {...one, choices: event.currentTarget.value.split(',').map(choice => choice.trim())})} />
            </label>
          )}
          <button type="button" onClick={() => change(params.toSpliced(index, 1))}>{text.remove}</button>
        </div>
      ))}
      <button type="button" onClick={() => change([...params, {name: `p${params.length + 1}`, kind: 'text', value: ''}])}>{text.addParam}</button>
    </details>
  );
}
