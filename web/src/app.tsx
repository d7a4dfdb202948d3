// The frame around every part: who looks, where to go, what the clock says, whether the server is there.

import {effect} from '@preact/signals';
import {useEffect} from 'preact/hooks';
import {isConnected, mustSignIn} from './net/api';
import {allowLive} from './net/live';
import {poll} from './net/poll';
import {mayShow, partNamed} from './parts/list';
import {startMetrics} from './state/metrics';
import {isKiosk, route, setParams} from './state/route';
import {loadMe, may, me} from './state/session';
import {t} from './texts';
import {Keys} from './ui/keys';
import {Header, Nav} from './ui/frame';
import {SignIn} from './ui/sign_in';
import {Empty} from './ui/states';

effect(() => {
  const part = partNamed(route.value.part);
  document.title = part ? `${part.title} · ${t.title}` : t.title;
});

function Content() {
  const part = partNamed(route.value.part);
  if (!part) return <Empty>{t.unknownPart}</Empty>;
  if (!mayShow(part)) return <Empty>{t.mayNot}</Empty>;
  const Part = part.view;
  return (
    <>
      <h1 class={isKiosk() ? 'unseen' : undefined}>{part.title}</h1>
      <Part key={`${part.name}/${route.value.item ?? ''}`} />
    </>
  );
}

export function App() {
  // Rights change while a page is open, and a server that was started again knows nobody.
  useEffect(() => poll(loadMe, 30_000), []);
  const isKnown = me.value !== undefined && !mustSignIn.value;
  const isBare = isKnown && isKiosk();
  const mayMetrics = isKnown && may('metrics', 'read');
  useEffect(() => allowLive(isKnown), [isKnown, me.value?.name]);
  useEffect(() => {
    if (!isBare) return;
    const leave = (event: KeyboardEvent) => {
      if (event.key === 'Escape') setParams({kiosk: undefined});
    };
    addEventListener('keydown', leave);
    return () => removeEventListener('keydown', leave);
  }, [isBare]);
  useEffect(() => (mayMetrics ? startMetrics() : undefined), [mayMetrics]);
  return (
    <>
      <a class="skip" href="#main" onClick={event => {
        event.preventDefault();
        document.getElementById('main')?.focus();
      }}>{t.skip}</a>
      {!isBare && <Header />}
      {!isConnected.value && <p class="banner" role="alert">{t.notConnected}</p>}
      <div class={isBare ? undefined : 'frame'}>
        {isKnown && !isBare && <Nav />}
        <main id="main" tabIndex={-1}>
          {mustSignIn.value ? <SignIn /> : isKnown ? <Content /> : <Empty>{t.loading}</Empty>}
        </main>
      </div>
      <Keys />
    </>
  );
}
