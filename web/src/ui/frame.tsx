import {mustSignIn} from '../net/api';
import {mayShow, parts, type Part} from '../parts/list';
import {link, route} from '../state/route';
import {me, signOut} from '../state/session';
import {theme, themes, zone} from '../state/settings';
import {t} from '../texts';
import {Action} from './action';

// The letter that leads there, where the title has it.
function Title({part}: {part: Part}) {
  const at = part.title.toLowerCase().indexOf(part.key);
  if (at < 0) return <>{part.title}</>;
  return <>{part.title.slice(0, at)}<u>{part.title[at]}</u>{part.title.slice(at + 1)}</>;
}

export function Nav() {
  const here = route.value.part;
  return (
    <nav aria-label={t.title}>
      <ul>
        {parts.filter(mayShow).map(part => (
          <li key={part.name}>
            <a href={link(part.name)} aria-current={part.name === here ? 'page' : undefined}><Title part={part} /></a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

function Person() {
  const who = me.value;
  if (!who || mustSignIn.value || !who.has_users) return null;
  if (who.kind === 'anonymous')
    return (
      <>
        <span>{t.anonymous}</span>
        <button type="button" onClick={() => (mustSignIn.value = true)}>{t.signIn}</button>
      </>
    );
  return (
    <>
      <span>{who.name}</span>
      {/* A certificate is the browser's: nobody signs out of it. */}
      {who.kind === 'user' && <Action run={signOut}>{t.signOut}</Action>}
    </>
  );
}

export function Header() {
  return (
    <header>
      <a class="brand" href={link('overview')}>{t.title}</a>
      <div class="row">
        <label>{t.zone}{' '}
          <select value={zone.value} onChange={event => (zone.value = event.currentTarget.value === 'utc' ? 'utc' : 'local')}>
            <option value="local">{t.zones.local}</option>
            <option value="utc">{t.zones.utc}</option>
          </select>
        </label>
        <label>{t.theme}{' '}
          <select value={theme.value}
            onChange={event => (theme.value = themes.find(name => name === event.currentTarget.value) ?? 'auto')}>
            {themes.map(name => <option key={name} value={name}>{t.themes[name]}</option>)}
          </select>
        </label>
        <Person />
      </div>
    </header>
  );
}
