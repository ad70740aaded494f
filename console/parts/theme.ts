const name = 'tidegate.theme';

/** As the system has it, unless someone chose otherwise here. */
export function startTheme(): void {
  const chosen = localStorage.getItem(name);
  if (chosen !== null) document.documentElement.dataset.theme = chosen;
}

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
