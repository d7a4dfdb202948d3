// A training begins with a pipeline: written here, taken from a file, or that of a version that there is.

import {useEffect, useState} from 'preact/hooks';
import {at, json} from '../net/api';
import {nameIn, train, type VersionDetail} from '../net/training';
import {go, link, param} from '../state/route';
import {text} from '../texts_models';
import {Action} from '../ui/action';
import {Editor} from '../ui/editor';
import {Failure} from '../ui/states';

const example = `name: wear
source: {stream: telemetry, from: '2024-05-01'}
signals: [heat, shake]
target: {end: failed, unit: 1h, at_most: 100h}
features:
  - {kind: value}
  - {kind: mean, samples: [5, 20]}
folds: {by: device, count: 4}
algorithm: boosted_trees
`;

export function NewTraining() {
  const [pipeline, setPipeline] = useState(example);
  const [error, setError] = useState<Error>();
  const model = param('of');
  const version = param('version');
  useEffect(() => {
    if (model === '' || version === '') return;
    const gone = new AbortController();
    json<VersionDetail>(at('models', model, 'versions', version), {signal: gone.signal})
      .then(one => setPipeline(one.pipeline), (reason: Error) => {
        if (!gone.signal.aborted) setError(reason);
      });
    return () => gone.abort();
  }, [model, version]);
  const run = async () => {
    const name = nameIn(pipeline);
    if (name === undefined) throw new Error(text.noName);
    await train(name, pipeline);
    go(link('models'));
  };
  return (
    <>
      <h2>{text.make}</h2>
      <p class="soft">{text.pipelineHelp}</p>
      <Failure error={error} />
      <Editor label={text.pipeline} value={pipeline} change={setPipeline} rows={18} />
      <div class="row">
        <Action run={run} isMain>{text.train}</Action>
        <label>{text.file}{' '}
          <input type="file" accept=".yaml,.yml,.json" onChange={event => {
            const input = event.currentTarget;
            void input.files?.[0]?.text().then(setPipeline, setError).finally(() => (input.value = ''));
          }} />
        </label>
      </div>
    </>
  );
}
