// A long list of which only what is in sight is in the document. All rows have one height.

import type {ComponentChildren} from 'preact';
import {useEffect, useRef, useState} from 'preact/hooks';

export const rowPx = 30;
const around = 8; // rows beyond what is in sight

export interface Seen {
  first: number;
  end: number;
}

// Keys move `active`, and call `act` for those that a row answers to. `draw` gives a row's element, which is
// `id` and stands at `index`.
export function Rows({label, head, count, active, setActive, act, draw, seen}: {
  label: string;
  head: ComponentChildren;
  count: number;
  active: number;
  setActive: (index: number) => void;
  act: (key: string, index: number) => void;
  draw: (index: number, id: string) => ComponentChildren;
  seen: (seen: Seen) => void;
}) {
  const frame = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  useEffect(() => {
    const at = frame.current!;
    const watch = new ResizeObserver(() => setHeight(at.clientHeight));
    watch.observe(at);
    return () => watch.disconnect();
  }, []);
  const first = Math.max(0, Math.min(Math.floor(top / rowPx), count) - around);
  const end = Math.min(count, Math.ceil((top + height) / rowPx) + around);
  useEffect(() => seen({first, end}), [first, end, count]);

  const move = (to: number) => {
    const index = Math.max(0, Math.min(count - 1, to));
    setActive(index);
    const at = frame.current!;
    const y = index * rowPx;
    if (y < at.scrollTop) at.scrollTop = y;
    // The head covers as much as a row.
    else if (y + 2 * rowPx > at.scrollTop + at.clientHeight) at.scrollTop = y + 2 * rowPx - at.clientHeight;
  };
  const onKey = (event: KeyboardEvent) => {
    const page = Math.max(1, Math.floor(height / rowPx) - 2);
    const steps: Record<string, number> = {
      ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + page, PageUp: active - page, Home: 0, End: count - 1,
    };
    const to = steps[event.key];
    if (to !== undefined) move(to);
    else if (/^(ArrowLeft|ArrowRight|Enter)$/.test(event.key)) act(event.key, active);
    else return;
    event.preventDefault();
  };
  const rows = [];
  for (let index = first; index < end; ++index) rows.push(draw(index, `${label}-${index}`));
  return (
    <div class="rows" ref={frame} role="treegrid" tabIndex={0} aria-label={label} aria-rowcount={count + 1}
      aria-activedescendant={active >= first && active < end ? `${label}-${active}` : undefined}
      onScroll={event => setTop(event.currentTarget.scrollTop)} onKeyDown={onKey}>
      {head}
      <div role="rowgroup" class="all" style={{height: `${count * rowPx}px`}}>
        <div role="presentation" style={{transform: `translateY(${first * rowPx}px)`}}>{rows}</div>
      </div>
    </div>
  );
}
