// Buttons that change something: they ask first where it cannot be undone, and say what went wrong.

import type {ComponentChildren} from 'preact';
import {useRef, useState} from 'preact/hooks';
import {t} from '../texts';
import {Failure} from './states';

export function Action({children, run, confirm, done, isMain = false, isDisabled = false}: {
  children: ComponentChildren;
  run: () => Promise<unknown>;
  confirm?: string; // asked before, in a dialog
  done?: () => void;
  isMain?: boolean;
  isDisabled?: boolean;
}) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<Error>();
  const start = async () => {
    dialog.current?.close();
    setBusy(true);
    setError(undefined);
    try {
      await run();
      done?.();
    } catch (reason) {
      setError(reason instanceof Error ? reason : new Error(String(reason)));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <button type="button" class={isMain ? 'main' : undefined} disabled={isBusy || isDisabled}
        onClick={() => (confirm ? dialog.current?.showModal() : void start())}>
        {children}
      </button>
      {confirm && (
        <dialog ref={dialog} aria-label={confirm}>
          <p>{confirm}</p>
          <div class="row">
            <button type="button" class="danger" onClick={start}>{children}</button>
            <button type="button" onClick={() => dialog.current?.close()}>{t.cancel}</button>
          </div>
        </dialog>
      )}
      <Failure error={error} />
    </>
  );
}
