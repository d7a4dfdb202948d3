// When alarms were active, newest on top.

import type {Alarm} from '../net/types';
import {link} from '../state/route';
import {time} from '../state/format';
import {t} from '../texts';

const text = t.alarms;
const shownMax = 30;

export function Timeline({alarms}: {alarms: readonly Alarm[]}) {
  const now = Date.now();
  const shown = [...alarms].sort((a, b) => b.raised_at - a.raised_at).slice(0, shownMax);
  if (shown.length === 0) return null;
  const from = Math.min(...shown.map(alarm => alarm.raised_at));
  const to = Math.max(now, ...shown.map(alarm => alarm.cleared_at ?? now));
  const part = (at: number) => (100 * (at - from)) / Math.max(to - from, 1);
  return (
    <details class="timeline">
      <summary>{text.timeline}</summary>
      <ul>
        {shown.map(alarm => {
          const end = alarm.cleared_at ?? now;
          const span = `${time(alarm.raised_at)} – ${alarm.cleared_at === null ? text.untilNow : time(alarm.cleared_at)}`;
          return (
            <li key={alarm.id}>
              <a href={link('alarms', alarm.id, {source: alarm.source})} title={span}><bdi>{alarm.name}</bdi> <bdi>{alarm.key}</bdi></a>
              <span class="lane" role="img" aria-label={span}>
                <span class={`bar ${alarm.severity}`} style={{left: `${part(alarm.raised_at)}%`, width: `${Math.max(part(end) - part(alarm.raised_at), 0.5)}%`}} />
              </span>
            </li>
          );
        })}
      </ul>
      <p class="row soft"><span>{time(from)}</span><span>–</span><span>{time(to)}</span></p>
    </details>
  );
}
