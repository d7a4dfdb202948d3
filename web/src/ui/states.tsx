// What stands where nothing, nothing yet, or no answer is.

import type {ComponentChildren} from 'preact';
import type {ApiError} from '../net/api';
import {t} from '../texts';

export function Empty({children}: {children: ComponentChildren}) {
  return <p class="empty">{children}</p>;
}

export function Failure({error}: {error: Error | undefined}) {
  if (!error) return null;
  return <p class="failure" role="alert">{error.message || t.failed}</p>;
}

// A list that was asked for: its failure, that it is not there yet, that it is empty, or itself.
export function Asked({value, error, empty, children}: {
  value: readonly unknown[] | undefined;
  error: ApiError | undefined;
  empty: ComponentChildren;
  children: ComponentChildren;
}) {
  return (
    <>
      {/* That the server is not reached is said once, at the top. */}
      <Failure error={error?.status === 0 && value ? undefined : error} />
      {value === undefined && !error && <Empty>{t.loading}</Empty>}
      {value?.length === 0 && <Empty>{empty}</Empty>}
      {value !== undefined && value.length > 0 && children}
    </>
  );
}
