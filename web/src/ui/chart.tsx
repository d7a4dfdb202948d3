import {useEffect, useRef} from 'preact/hooks';
import uPlot from 'uplot';
import {shownTheme, zone} from '../state/settings';

export interface Line {
  label: string;
  values: readonly (number | null)[];
  isEdge?: boolean; // of something else that is drawn: thin and dashed
}

// What lies between two of the lines, by their places among them.
export interface Band {
  low: number;
  high: number;
}

const heightPx = 220;
const syncKey = 'time'; // the cursors of all charts in sight stand at one time

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

interface Look {
  style: 'line' | 'bar' | 'scatter';
  names: readonly string[] | undefined; // under bars, which stand at 0, 1, ...
}

// Times as everywhere on the page. By the distance of two labels in seconds: a label, and what stands below it where
// the year or the day is another than before.
const shortDay = '\n{MM}-{DD}';
const longDay = '\n{YYYY}-{MM}-{DD}';
const timeLabels: uPlot.Axis.Values = [
  [365 * 86_400, '{YYYY}', null, null, null, null, null, null, 1],
  [28 * 86_400, '{YYYY}-{MM}', null, null, null, null, null, null, 1],
  [86_400, '{MM}-{DD}', '\n{YYYY}', null, null, null, null, null, 1],
  [60, '{HH}:{mm}', longDay, null, shortDay, null, null, null, 1],
  [1, '{HH}:{mm}:{ss}', longDay, null, shortDay, null, null, null, 1],
  [0.001, '{ss}.{fff}', `${longDay} {HH}:{mm}`, null, `${shortDay} {HH}:{mm}`, null, '\n{HH}:{mm}', null, 1],
];

// What the legend says of a place across.
function acrossOf(style: Look['style'], names: Look['names']): uPlot.Series {
  if (names) return {label: '', value: (_, at) => names[at] ?? '--'};
  return style === 'line' ? {value: '{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}'} : {label: ''};
}

function acrossLabels(style: Look['style'], names: Look['names']): Partial<uPlot.Axis> {
  if (names) return {values: (_, at) => at.map(place => names[place] ?? '')};
  return style === 'line' ? {values: timeLabels} : {};
}

// Bars begin at zero, or their lengths would not compare.
function scalesOf(style: 'bar' | 'scatter'): uPlot.Scales {
  const room = 0.05;
  const wider = (_: uPlot, low: number, high: number): uPlot.Range.MinMax => {
    const by = (high - low || 1) * room;
    return [low - by, high + by];
  };
  if (style === 'scatter') return {x: {time: false, range: wider}};
  return {
    x: {time: false, range: (_, first, last) => [first - 0.5, last + 0.5]},
    y: {range: (_, low, high) => [Math.min(0, low * (1 + room)), Math.max(0, high * (1 + room)) || 1]},
  };
}

function drawnAs(style: Look['style'], stroke: string): Partial<uPlot.Series> {
  if (style === 'bar') return {paths: uPlot.paths.bars!({size: [0.7, 60]}), fill: stroke, points: {show: false}};
  if (style === 'scatter') return {paths: () => null, points: {show: true, size: 7, fill: stroke}};
  return {};
}

const edge: Partial<uPlot.Series> = {width: 1, dash: [4, 4], points: {show: false}};

function optionsOf(lines: readonly Line[], bands: readonly Band[], width: number, isUtc: boolean, {style, names}: Look): uPlot.Options {
  const axis = {stroke: colour('--soft'), grid: {stroke: colour('--line'), width: 1}, ticks: {show: false}};
  return {
    width,
    height: heightPx,
    tzDate: at_s => (isUtc ? uPlot.tzDate(new Date(at_s * 1000), 'Etc/UTC') : new Date(at_s * 1000)),
    axes: [{...axis, ...acrossLabels(style, names)}, {...axis, size: 64}],
    series: [acrossOf(style, names), ...lines.map((line, index) => ({
      label: line.label,
      stroke: colour(`--series-${(index % 5) + 1}`),
      width: 1.5,
      spanGaps: false,
      ...drawnAs(style, colour(`--series-${(index % 5) + 1}`)),
      ...(line.isEdge ? {...edge, stroke: colour('--soft')} : {}),
    }))],
    bands: bands.map(band => ({series: [band.high + 1, band.low + 1], fill: colour('--band')})),
    ...(style === 'line' ? {} : {scales: scalesOf(style)}),
  };
}

// Lines over time, in seconds since 1970. `label` says to who cannot see it what it shows. With `range` it shows that
// and not more; with `zoom` a stretch that is drawn over with the mouse is asked for. As bars or points it stands over
// plain numbers, bars over 0, 1, ... with names.
export function Chart({label, times, lines, bands = [], range, zoom, style = 'line', names}: {
  label: string;
  times: readonly number[];
  lines: readonly Line[];
  bands?: readonly Band[];
  range?: {fromS: number; toS: number};
  zoom?: (fromS: number, toS: number) => void;
  style?: Look['style'];
  names?: readonly string[];
}) {
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const now = useRef({range, zoom});
  now.current = {range, zoom};
  const data = [times, ...lines.map(line => line.values)] as uPlot.AlignedData;
  const labels = lines.map(line => line.label).join('\n');
  useEffect(() => {
    const at = frame.current;
    if (!at) return;
    const options = optionsOf(lines, bands, at.clientWidth, zone.value === 'utc', {style, names});
    if (range) options.scales = {x: {range: (_, min, max) => [now.current.range?.fromS ?? min, now.current.range?.toS ?? max]}};
    if (zoom) {
      options.cursor = {sync: {key: syncKey}, drag: {x: true, y: false, setScale: false}};
      options.hooks = {
        setSelect: [made => {
          const {left, width} = made.select;
          if (width < 4) return; // a click
          now.current.zoom?.(made.posToVal(left, 'x'), made.posToVal(left + width, 'x'));
          made.setSelect({left: 0, top: 0, width: 0, height: 0}, false);
        }],
      };
    }
    const made = new uPlot(options, data, at);
    plot.current = made;
    const watch = new ResizeObserver(() => made.setSize({width: at.clientWidth, height: heightPx}));
    watch.observe(at);
    return () => {
      watch.disconnect();
      made.destroy();
      plot.current = null;
    };
  }, [labels, style, names?.join('\n'), shownTheme.value, zone.value]);
  useEffect(() => plot.current?.setData(data), [times, lines]);
  return <div class="chart" ref={frame} role="img" aria-label={label} />;
}
