// Whether there was something when a model raised an alarm: what an operator says of it, and what somebody said.

import {at, send} from '../net/api';
import type {Alarm} from '../net/types';
import {t} from '../texts';
import {Action} from '../ui/action';

const text = t.alarms;

type Label = NonNullable<Alarm['label']>;

// Of the occurrence that is shown: one that came since has not been seen. Null takes the label back.
function label({id, occurrence}: Alarm, said: Label | null, comment: string): Promise<unknown> {
  return send(at('alarms', id, 'label'), {method: 'POST', body: {label: said, comment, occurrence}});
}

// Alarms of detectors are: they say by which score and threshold. Others where somebody did so over REST.
export function isJudged({label: said, details}: Alarm): boolean {
  const {score, threshold} = (details ?? {}) as {score?: unknown; threshold?: unknown};
  return said !== undefined || (typeof score === 'number' && typeof threshold === 'number');
}

export function LabelButtons({alarm, comment = '', done}: {alarm: Alarm; comment?: string; done: () => void}) {
  return (
    <span class="row" role="group" aria-label={text.labelHelp} title={text.labelHelp}>
      {(['true', 'false'] as const).map(said => (
        <Action key={said} run={() => label(alarm, said, comment)} done={done} isDisabled={alarm.label === said}>{text.labels[said]}</Action>
      ))}
      {alarm.label && <Action run={() => label(alarm, null, '')} done={done}>{text.unlabel}</Action>}
    </span>
  );
}
