/** The oldest Node that runs Tidegate; `engines` of package.json has the same number. */
const oldestMajor = 20;

/** One sentence for a Node that is too old; null if it is new enough. `version` is like 20.11.1. */
export function engineProblem(version) {
  if (Number(version.split('.')[0]) >= oldestMajor) return null;
  return `Tidegate needs Node ${oldestMajor} or newer, and this is Node ${version}: install a newer one from https://nodejs.org or your distribution, then run npm ci again.`;
}

/** What to do if better-sqlite3 has no binary that loads, from what it threw; null if it threw nothing. */
export function sqliteProblem(error) {
  if (error === null) return null;
  return [
    'Tidegate is not installed: its SQLite library better-sqlite3 could neither be downloaded as a binary nor be compiled.',
    'Compiling needs Python, make and a C++ compiler. Install them, then run the same npm command again:',
    '  Debian, Ubuntu:  apt install python3 make g++',
    '  Alpine:          apk add python3 make g++',
    '  Fedora:          dnf install python3 make gcc-c++',
    'If they are installed, see why it failed: npm install --no-save better-sqlite3 --foreground-scripts --ignore-scripts=false',
    `(better-sqlite3: ${error.message.split('\n')[0]})`,
  ].join('\n');
}
