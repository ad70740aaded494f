import { spawnSync } from 'node:child_process';
import { Failure } from '../../cli/api/failure.js';
import { checkNeeds } from '../bench/needs.js';

/** The programs that system tests and proofs run, each with the Debian packages that it needs there. */
export const debianPackages = {
  'arm-none-eabi-gcc': 'gcc-arm-none-eabi libnewlib-arm-none-eabi',
  caddy: 'caddy',
  chromium: 'chromium',
  clang: 'clang libclang-rt-14-dev',
  curl: 'curl',
  fish: 'fish',
  'g++': 'g++',
  gcc: 'gcc libc6-dev',
  make: 'make',
  mosquitto: 'mosquitto',
  'nats-server': 'nats-server',
  nginx: 'nginx-light',
  openssl: 'openssl',
  python3: 'python3-websockets python3-pandas',
  'qemu-system-arm': 'qemu-system-arm',
  sqlite3: 'sqlite3',
  strace: 'strace',
  'systemd-analyze': 'systemd',
  zsh: 'zsh',
} as const satisfies Record<string, string>;

export type Program = keyof typeof debianPackages;

/** Ends the process with 69 and one line that names the missing programs and how to install them. Returns if none is missing. */
export function requirePrograms(programs: readonly Program[]): void {
  try {
    checkNeeds(Object.fromEntries(programs.map((program) => [program, debianPackages[program]])));
    if (programs.includes('python3')) requireModules();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(`error: ${error.message}`);
    process.exit(error.exitCode);
  }
}

/** Tests run Debian's own Python, because that has the packages. */
function requireModules(): void {
  for (const name of ['websockets', 'pandas']) {
    const { status } = spawnSync('/usr/bin/python3', ['-c', `import ${name}`], { stdio: 'ignore' });
    if (status !== 0)
      throw new Failure(69, `/usr/bin/python3 has no module ${name}. Run: apt-get install ${debianPackages.python3}`);
  }
}
