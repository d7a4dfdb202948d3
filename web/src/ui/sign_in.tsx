import {useState} from 'preact/hooks';
import {mustSignIn} from '../net/api';
import {me, signIn} from '../state/session';
import {t} from '../texts';
import {Failure} from './states';

export function SignIn() {
  const [error, setError] = useState<Error>();
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: SubmitEvent) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    setBusy(true);
    setError(undefined);
    try {
      await signIn(String(form.get('user')), String(form.get('password')));
    } catch (reason) {
      setError(reason as Error);
    } finally {
      setBusy(false);
    }
  };
  return (
    <form class="sign-in card" onSubmit={submit}>
      <h1>{t.signIn}</h1>
      <label>{t.user}<input name="user" autocomplete="username" required /></label>
      <label>{t.password}<input name="password" type="password" autocomplete="current-password" required /></label>
      <div class="row">
        <button type="submit" class="main" disabled={isBusy}>{t.signIn}</button>
        {me.value?.kind === 'anonymous' && (
          <button type="button" onClick={() => (mustSignIn.value = false)}>{t.cancel}</button>
        )}
      </div>
      <Failure error={error} />
    </form>
  );
}
