const name = 'tidegate.theme';

/** Applies the theme that was chosen in this browser; without a choice the page follows the system. */
export function startTheme(): void {
  const chosen = localStorage.getItem(name);
  if (chosen !== null) document.documentElement.dataset.theme = chosen;
}

/** Switches between light and dark, and remembers the choice. Charts are redrawn by the event `themechange`. */
export function toggleTheme(): void {
  const root = document.documentElement;
  const isDark =
    root.dataset.theme === undefined
      ? matchMedia('(prefers-color-scheme: dark)').matches
      : root.dataset.theme === 'dark';
  root.dataset.theme = isDark ? 'light' : 'dark';
  localStorage.setItem(name, root.dataset.theme);
  dispatchEvent(new Event('themechange'));
}
