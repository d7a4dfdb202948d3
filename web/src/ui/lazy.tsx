// A piece of the page that is loaded when it is shown, not before.

import type {ComponentType} from 'preact';
import {useEffect, useState} from 'preact/hooks';
import {t} from '../texts';
import {Empty, Failure} from './states';

export function lazy<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let loaded: ComponentType<Props> | undefined;
  return function Lazy(props: Props) {
    const [, setLoaded] = useState(loaded !== undefined);
    const [error, setError] = useState<Error>();
    useEffect(() => {
      if (loaded) return;
      let isGone = false;
      load().then(view => {
        loaded = view;
        if (!isGone) setLoaded(true);
      }, () => {
        // Of a server that was replaced meanwhile, most likely: its files have other names.
        if (!isGone) setError(new Error(t.notLoaded));
      });
      return () => {
        isGone = true;
      };
    }, []);
    const View = loaded;
    if (View) return <View {...props} />;
    return error ? <Failure error={error} /> : <Empty>{t.loading}</Empty>;
  };
}
