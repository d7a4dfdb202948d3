import {useState} from 'preact/hooks';
import {at, send} from '../net/api';
import type {Stream} from '../net/types';
import {t} from '../texts';
import {Action} from '../ui/action';
import {Editor} from '../ui/editor';

const text = t.log;

export function Produce({stream}: {stream: Stream}) {
  const [key, setKey] = useState('');
  const [value, setValue] = useState('{}');
  const [isStored, setStored] = useState(false);
  const put = async () => {
    setStored(false);
    let parsed: unknown;
    try {
      parsed = JSON.parse(value);
    } catch {
      throw new Error(text.notJson);
    }
    const record = key === '' ? {value: parsed} : {key, value: parsed};
    await send(at('streams', stream.name, 'records'), {method: 'POST', body: record});
    setStored(true);
  };
  return (
    <details>
      <summary>{text.produce}</summary>
      <label class="editor"><span>{text.produceKey}</span>
        <input value={key} onInput={event => setKey(event.currentTarget.value)} />
      </label>
      <Editor label={text.produceValue} value={value} change={setValue} rows={4} />
      <Action run={put}>{text.send}</Action>
      {isStored && <span role="status">{text.sent}</span>}
    </details>
  );
}
