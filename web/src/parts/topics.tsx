import {useEffect, useMemo, useRef, useState} from 'preact/hooks';
import {ApiError} from '../net/api';
import {poll} from '../net/poll';
import {levelOf, shownPayload} from '../net/topics';
import {count, rate, time} from '../state/format';
import {param, setParams} from '../state/route';
import {TopicTree, type TreeRow} from '../state/topic_tree';
import {t} from '../texts';
import {Rows, type Seen} from '../ui/rows';
import {Empty, Failure} from '../ui/states';
import {Publish, TopicDetails} from './topic';

const text = t.topics;
const everyMs = 2_000;
const typingMs = 200; // a search is asked for when nobody has typed for so long

function Head() {
  return (
    <div role="rowgroup" class="head">
      <div role="row" class="tree-row">
        {[text.topic, text.last, text.topics, text.rate, text.at].map(title =>
          <span role="columnheader" key={title}>{title}</span>)}
      </div>
    </div>
  );
}

function Line({tree, line, id, index, isActive, choose}: {
  tree: TopicTree;
  line: TreeRow;
  id: string;
  index: number;
  isActive: boolean;
  choose: () => void;
}) {
  const {row, isOpen, depth} = line;
  if (!row)
    return <div role="row" id={id} aria-level={depth} aria-rowindex={index + 2} class="tree-row"><span role="gridcell" class="soft">{t.loading}</span></div>;
  const name = param('search') ? row.topic : levelOf(row.topic);
  return (
    <div role="row" id={id} aria-level={depth} aria-rowindex={index + 2} aria-expanded={isOpen} aria-selected={row.topic === param('topic')}
      class={isActive ? 'tree-row active' : 'tree-row'} onClick={choose}>
      <span role="gridcell" class="name" title={row.topic} style={{paddingLeft: `${depth - 1}rem`}}>
        <span class="twist" aria-hidden="true" onClick={event => {
          event.stopPropagation();
          if (isOpen !== undefined) tree.toggle(row.topic);
        }}>{isOpen === undefined ? '' : isOpen ? '▾' : '▸'}</span>
        {name === '' ? <i>{text.noName}</i> : <bdi>{name}</bdi>}
        {row.retained && <span class="badge">{text.retained}</span>}
      </span>
      <span role="gridcell"><code>{shownPayload(row)}</code></span>
      <span role="gridcell" class="number">{isOpen === undefined ? '' : count(row.topics)}</span>
      <span role="gridcell" class="number">{row.messages > 0 ? rate(row.rate) : ''}</span>
      <span role="gridcell" class="time">{time(row.last_ms)}</span>
    </div>
  );
}

function Tree({search, chosen}: {search: string; chosen: string}) {
  const [, redraw] = useState(0);
  const [active, setActive] = useState(0);
  const [error, setError] = useState<Error>();
  const [isAsked, setAsked] = useState(false);
  const seen = useRef<Seen>({first: 0, end: 0});
  const gone = useMemo(() => new AbortController(), [search]);
  const tree = useMemo(() => new TopicTree(search, () => redraw(before => before + 1), gone.signal), [search]);
  const refresh = async () => {
    try {
      await tree.refresh(tree.rows().slice(seen.current.first, seen.current.end));
      setError(undefined);
      setAsked(true);
    } catch (reason) {
      if (gone.signal.aborted) return;
      setError(reason instanceof ApiError ? reason : new ApiError(0, String(reason)));
      throw reason;
    }
  };
  useEffect(() => {
    if (chosen) tree.reveal(chosen);
    const end = poll(refresh, everyMs);
    return () => {
      end();
      gone.abort();
    };
  }, [tree]);
  const rows = tree.rows();
  const choose = (index: number) => {
    setActive(index);
    const row = rows[index]?.row;
    if (row?.payload_bytes !== undefined) setParams({topic: row.topic});
    else if (row) tree.toggle(row.topic); // nothing was said there itself
  };
  const act = (key: string, index: number) => {
    const line = rows[index];
    if (!line?.row) return;
    if (key === 'Enter') choose(index);
    else if (line.isOpen !== undefined) tree.toggle(line.row.topic, key === 'ArrowRight');
  };
  const {isComplete, skipped, leftOut} = tree.state;
  return (
    <>
      <Failure error={error} />
      {(!isComplete || skipped > 0 || leftOut > 0) && (
        <p class="soft">{!isComplete && text.reading} {skipped > 0 && text.skipped(count(skipped))} {leftOut > 0 && text.leftOut(count(leftOut))}</p>
      )}
      {rows.length === 0 && !error && <Empty>{isAsked && isComplete ? (search ? text.notFound : text.none) : t.loading}</Empty>}
      {rows.length > 0 && (
        <Rows label={t.parts.topics} head={<Head />} count={rows.length} active={active} setActive={setActive} act={act}
          seen={now => {
            seen.current = now;
            // What has come into sight for the first time is not waited for.
            if (rows.slice(now.first, now.end).some(line => line.kind === 'more')) void refresh().catch(() => undefined);
          }}
          draw={(index, id) => (
            <Line key={rows[index]!.key} tree={tree} line={rows[index]!} id={id} index={index} isActive={index === active}
              choose={() => choose(index)} />
          )} />
      )}
    </>
  );
}

// The value as it is when it has not changed for a moment.
function useSettled(value: string): string {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = window.setTimeout(() => setSettled(value), typingMs);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}

export function Topics() {
  const search = useSettled(param('search'));
  const chosen = param('topic');
  return (
    <>
      <div class="row filters">
        <label>{t.search}{' '}
          <input type="search" value={param('search')} onInput={event => setParams({search: event.currentTarget.value})} />
        </label>
        <span class="soft">{text.help}</span>
      </div>
      <Tree key={search} search={search} chosen={chosen} />
      {chosen && <TopicDetails key={chosen} topic={chosen} />}
      <Publish key={`publish ${chosen}`} topic={chosen} />
    </>
  );
}
