// What this browser remembers: how the page looks, never what the site says.

import {computed, effect, signal} from '@preact/signals';

type Theme = 'auto' | 'light' | 'dark';
type Zone = 'local' | 'utc';

function stored<T extends string>(name: string, choices: readonly T[], fallback: T) {
  let value = fallback;
  try {
    const found = localStorage.getItem(name);
    value = choices.find(choice => choice === found) ?? fallback;
  } catch {
    // A browser that keeps nothing shows the defaults.
  }
  const setting = signal<T>(value);
  effect(() => {
    try {
      localStorage.setItem(name, setting.value);
    } catch {
      // As above.
    }
  });
  return setting;
}

export const themes: readonly Theme[] = ['auto', 'light', 'dark'];
export const theme = stored<Theme>('holdfast.theme', themes, 'auto');
export const zone = stored<Zone>('holdfast.zone', ['local', 'utc'], 'local');

const systemDark = matchMedia('(prefers-color-scheme: dark)');
const isSystemDark = signal(systemDark.matches);
systemDark.addEventListener('change', event => (isSystemDark.value = event.matches));

export const shownTheme = computed(() => (theme.value === 'auto' ? (isSystemDark.value ? 'dark' : 'light') : theme.value));

effect(() => {
  document.documentElement.dataset['theme'] = shownTheme.value;
});
