import type { ComponentType } from 'preact';
import type { Icon } from '../parts/icons.js';

/** A page for the people who run the gateway. It is loaded when it is opened, so that the first view stays small. */
export interface AdministrationPage {
  to: string;
  icon: Parameters<typeof Icon>[0]['name'];
  title: string;
  /** What it is for, as a sentence. */
  about: string;
  load(): Promise<ComponentType>;
}

/** The pages of the group Administration, in the order of the navigation. */
export const administrationPages: readonly AdministrationPage[] = [
  {
    to: '/keys',
    icon: 'keys',
    title: 'Keys',
    about: 'Who may use this console and the API.',
    load: async () => (await import('./keys.js')).KeysPage,
  },
  {
    to: '/audit',
    icon: 'audit',
    title: 'Audit',
    about: 'Who changed what, and when.',
    load: async () => (await import('./audit.js')).AuditPage,
  },
  {
    to: '/storage',
    icon: 'storage',
    title: 'Storage',
    about: 'What is stored, when the disk will be full, and when data is removed.',
    load: async () => (await import('./storage.js')).StoragePage,
  },
  {
    to: '/backups',
    icon: 'backups',
    title: 'Backups',
    about: 'Schedule, past backups, and a backup now.',
    load: async () => (await import('./backups.js')).BackupsPage,
  },
  {
    to: '/jobs',
    icon: 'jobs',
    title: 'Jobs',
    about: 'Backups, erasures and packing, with their progress.',
    load: async () => (await import('./jobs.js')).JobsPage,
  },
  {
    to: '/settings',
    icon: 'settings',
    title: 'Settings',
    about: 'Every setting with its current value and source.',
    load: async () => (await import('./settings.js')).SettingsPage,
  },
];
