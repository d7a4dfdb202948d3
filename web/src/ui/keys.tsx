import {useEffect, useRef} from 'preact/hooks';
import {mayShow, parts} from '../parts/list';
import {go, link} from '../state/route';
import {t} from '../texts';

const waitMs = 1_500; // for the letter after g

function isWriting(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

export function Keys() {
  const help = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    let goesUntil = 0;
    const onKey = (event: KeyboardEvent) => {
      if (isWriting(event.composedPath()[0] ?? null) || event.ctrlKey || event.metaKey || event.altKey) return;
      const isGoing = event.timeStamp < goesUntil;
      goesUntil = event.key === 'g' ? event.timeStamp + waitMs : 0;
      if (isGoing) {
        const part = parts.find(one => one.key === event.key && mayShow(one));
        if (part) go(link(part.name));
      } else if (event.key === '/') {
        const field = document.querySelector<HTMLElement>('input[type=search]');
        if (field) event.preventDefault();
        field?.focus();
      } else if (event.key === '?') {
        help.current?.showModal();
      }
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
  return (
    <dialog ref={help} aria-label={t.keys}>
      <h2>{t.keys}</h2>
      <dl class="keys">{t.keysHelp.map(([key, what]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>)}</dl>
      <button type="button" onClick={() => help.current?.close()}>{t.close}</button>
    </dialog>
  );
}
