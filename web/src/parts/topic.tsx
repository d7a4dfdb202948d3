// One topic: what was said on it last, whole; and what is to be said on it.

import {useEffect, useState} from 'preact/hooks';
import {send, withQuery} from '../net/api';
import {useLive} from '../net/live';
import {usePolled} from '../net/poll';
import {readRecords, valueOf} from '../net/records';
import {isCut, shownPayload, type TopicPage, type TopicRow} from '../net/topics';
import {bytes, count, rate, time} from '../state/format';
import {link} from '../state/route';
import {t} from '../texts';
import {Action} from '../ui/action';
import {Editor} from '../ui/editor';
import {Failure} from '../ui/states';

const text = t.topics;

// What the list has only the beginning of is read from the log.
function useWhole(row: TopicRow | undefined): string | undefined {
  const [whole, setWhole] = useState<string>();
  const {stream, partition, offset} = row ?? {};
  useEffect(() => {
    setWhole(undefined);
    if (!row || !isCut(row) || stream === undefined || partition === undefined || offset === undefined) return;
    const gone = new AbortController();
    readRecords(stream, partition, offset, 1, gone.signal)
      .then(([record]) => record && setWhole(valueOf(record)))
      .catch(() => undefined); // the stream may not be read, or the record is gone: its beginning stays
    return () => gone.abort();
  }, [stream, partition, offset]);
  return whole;
}

function newer(asked: TopicRow | undefined, news: TopicRow | undefined): TopicRow | undefined {
  if (!asked || !news) return asked ?? news;
  return news.messages > asked.messages ? {...asked, ...news} : asked;
}

export function TopicDetails({topic}: {topic: string}) {
  const {value, error, refresh} = usePolled<TopicPage>(withQuery('/api/v1/topics', {filter: topic, limit: 1}), 5_000);
  const [news, setNews] = useState<TopicRow>();
  // A comma parts topics there: such a topic is only asked for.
  useLive(topic.includes(',') ? undefined : {
    topics: [topic],
    onTopics: topics => setNews(before => topics.find(one => one.topic === topic) ?? before),
    onBegin: refresh,
  }, [topic]);
  const row = newer(value?.topics[0], news);
  const whole = useWhole(row);
  return (
    <section class="card">
      <h2><bdi>{topic}</bdi></h2>
      <Failure error={error?.status === 0 ? undefined : error} />
      {value && !row && <p class="soft">{text.onlyBelow}</p>}
      {row && (
        <>
          <p class="row soft">
            <span>{text.at} {time(row.last_ms, true) || '–'}</span>
            <span>{rate(row.rate)} {text.perSecond}</span>
            <span>{text.seen(count(row.messages))}</span>
            <span>{bytes(row.payload_bytes ?? 0)}</span>
            {row.retained && <span class="badge">{text.retained}</span>}
            {row.stream !== undefined && (
              <a href={link('log', row.stream, {partition: String(row.partition), offset: String(row.offset)})}>{text.inLog}</a>
            )}
          </p>
          <pre tabIndex={0} aria-label={text.last}>{whole ?? shownPayload(row)}</pre>
        </>
      )}
    </section>
  );
}

function pathOf(topic: string): string {
  return `/api/v1/publish/${topic.split('/').map(encodeURIComponent).join('/')}`;
}

export function Publish({topic}: {topic: string}) {
  const [to, setTo] = useState(topic);
  const [payload, setPayload] = useState('{}');
  const [isRetained, setRetained] = useState(false);
  const [isSent, setSent] = useState(false);
  const publish = async () => {
    setSent(false);
    await send(withQuery(pathOf(to), {retain: isRetained ? 'true' : undefined}), {method: 'POST', body: payload});
    setSent(true);
  };
  return (
    <details>
      <summary>{text.publish}</summary>
      <label class="editor"><span>{text.topic}</span>
        <input value={to} onInput={event => setTo(event.currentTarget.value)} />
      </label>
      <Editor label={text.payload} value={payload} change={setPayload} run={() => void publish().catch(() => undefined)} rows={4} />
      <div class="row">
        <label><input type="checkbox" checked={isRetained} onChange={event => setRetained(event.currentTarget.checked)} />{' '}{text.retain}</label>
        <Action run={publish} isMain isDisabled={to === ''}>{text.send}</Action>
        {isSent && <span role="status">{text.sent}</span>}
      </div>
    </details>
  );
}
