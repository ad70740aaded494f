const paths = {
  fleet: 'M3 12h4l2.5-7 4 14L16 12h5',
  devices: 'M4 5h16v5H4zM4 14h16v5H4zM7.5 7.5h.01M7.5 16.5h.01',
  chart: 'M4 4v16h16M7.5 15l3.5-5 3 3 5-7',
  map: 'M9 4L3 6v14l6-2 6 2 6-2V4l-6 2zM9 4v14M15 6v14',
  commands: 'M4 6l6 6-6 6M12 18h8',
  attempts: 'M12 3l8 3v6c0 4.5-3.2 7.7-8 9-4.8-1.3-8-4.5-8-9V6zM9.5 9.5l5 5M14.5 9.5l-5 5',
  add: 'M12 5v14M5 12h14',
  api: 'M8 5c-3 0-2 5-5 7 3 2 2 7 5 7M16 5c3 0 2 5 5 7-3 2-2 7-5 7',
  theme: 'M12 3a9 9 0 1 0 0 18zM12 3v18a9 9 0 0 0 0-18z',
  out: 'M14 4H5v16h9M10 12h11M17 8l4 4-4 4',
  back: 'M15 5l-7 7 7 7',
  keys: 'M14.5 9.5a4.5 4.5 0 1 0-4.2 4.5l2.2 0v3h3v3h4.5v-3.5l-6.3-6.3M9 8.5h.01',
  audit: 'M6 3h9l4 4v14H6zM9 9h7M9 13h7M9 17h4',
  settings: 'M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4',
  storage:
    'M4 6c0-1.7 3.6-3 8-3s8 1.3 8 3-3.6 3-8 3-8-1.3-8-3zM4 6v12c0 1.7 3.6 3 8 3s8-1.3 8-3V6M4 12c0 1.7 3.6 3 8 3s8-1.3 8-3',
  backups: 'M4 8V5h16v3zM5 8v11h14V8M12 11v5M9.5 13.5L12 16l2.5-2.5',
  jobs: 'M12 3a9 9 0 1 0 9 9M12 7v5l3.5 2M16 4.2l3.8 3.8',
  more: 'M5 12h.01M12 12h.01M19 12h.01',
  copy: 'M9 9h11v11H9zM5 15H4V4h11v1',
} as const;

/** A picture beside a word. It is hidden from screen readers, so it never stands alone. */
export function Icon({ name }: { name: keyof typeof paths }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
