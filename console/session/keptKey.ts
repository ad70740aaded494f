import { keptAs } from './base.js';

/** The name under which the browser keeps the operator key, and on which its tabs talk about it. console/apiPage/start.js uses it too. */
const name = keptAs('tidegate.key');
/** How long another tab has to answer. */
const answerMs = 200;

/** What the tabs of one browser tell each other: a new tab asks for the key, a tab that has one answers, and a tab that signed out ends the others. */
type TabMessage = { type: 'ask' } | { type: 'key'; key: string } | { type: 'ended' };

const channel = new BroadcastChannel(name);
const post = (message: TabMessage): void => channel.postMessage(message);

/** The key that this tab keeps, or that was kept on this computer; null if there is none. */
export const keptKey = (): string | null => sessionStorage.getItem(name) ?? localStorage.getItem(name);

/** Keeps the key until the tab is closed, and with `onComputer` until someone signs out. */
export function keepKey(key: string, onComputer: boolean): void {
  sessionStorage.setItem(name, key);
  if (onComputer) localStorage.setItem(name, key);
}

/** Forgets the key, also on this computer. */
export function forgetKey(key: string | null): void {
  sessionStorage.removeItem(name);
  if (localStorage.getItem(name) === key) localStorage.removeItem(name);
}

/** Asks the other tabs of this browser for their key. Resolves with null if none answers. */
export function keyOfOtherTab(): Promise<string | null> {
  return new Promise((resolve) => {
    const end = (key: string | null): void => {
      clearTimeout(timer);
      channel.removeEventListener('message', hear);
      resolve(key);
    };
    const hear = ({ data }: MessageEvent<TabMessage>): void => {
      if (data.type === 'key') end(data.key);
    };
    const timer = setTimeout(() => end(null), answerMs);
    channel.addEventListener('message', hear);
    post({ type: 'ask' });
  });
}

/** Answers other tabs with this tab's key, and calls `ended` when one of them signs out. */
export function shareKey(current: () => string | null, ended: () => void): void {
  channel.addEventListener('message', ({ data }: MessageEvent<TabMessage>) => {
    const key = current();
    if (data.type === 'ask' && key !== null) post({ type: 'key', key });
    if (data.type === 'ended') ended();
  });
}

/** Signs the other tabs out. */
export const endOtherTabs = (): void => post({ type: 'ended' });
