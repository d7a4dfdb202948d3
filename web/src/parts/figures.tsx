// Figures of how well a model does, and in which direction they are better.

import type {Figures} from '../net/training';
import {text} from '../texts_models';

const digits = 4;
const lessIsBetter = ['mae', 'rmse', 'phm'];
const headlines = ['rmse', 'pr_auc']; // what a training takes the best candidate by

export function figureOf(value: number | null | undefined): string {
  return value === null || value === undefined ? '–' : String(Number(value.toPrecision(digits)));
}

export const titleOf = (name: string) => text.figures[name] ?? name;

// "test rmse": of which rows, and what.
export function partsOf(figure: string): {rows: string; name: string} {
  const [rows = '', name = ''] = figure.split(' ');
  return {rows: text.ofRows[rows] ?? rows, name};
}

export function headlineOf(figures: Figures | undefined): string {
  const name = headlines.find(each => figures && `test ${each}` in figures);
  return name && figures ? `${titleOf(name)} ${figureOf(figures[`test ${name}`])}` : '';
}

// Whether a change of a figure is one for the better; undefined: it is none.
export function isBetter(name: string, change: number | null): boolean | undefined {
  if (change === null || change === 0) return undefined;
  return lessIsBetter.includes(name) ? change < 0 : change > 0;
}

export function FigureList({figures}: {figures: Figures}) {
  return (
    <dl class="figures">
      {Object.entries(figures).map(([name, value]) => (
        <div class="figure card" key={name}><dt>{titleOf(name)}</dt><dd><b>{figureOf(value)}</b></dd></div>
      ))}
    </dl>
  );
}
