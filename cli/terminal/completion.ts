import type { Command, Option } from 'commander';

export const shells = ['bash', 'zsh', 'fish'] as const;

export type Shell = (typeof shells)[number];

/** One command of a program: its words without the program's name, and what may follow. */
interface Place {
  /** '' for the program itself, else for example 'device add'. */
  path: string;
  /** What may be written next: subcommands and options, each with its description. */
  next: [word: string, description: string][];
}

/** The script that makes a shell complete the subcommands and options of a program. Generated, so it has all of them. */
export function completionScript(program: Command, shell: Shell): string {
  const places = placesOf(program, '');
  const name = program.name();
  const parts = { bash: bashScript, zsh: zshScript, fish: fishScript };
  return parts[shell](name, name.replace(/\W/g, '_'), places);
}

function placesOf(command: Command, path: string): Place[] {
  const options = [...command.options.filter(({ hidden }) => !hidden), command.createHelp().visibleOptions(command)]
    .flat()
    .map((option: Option): [string, string] => [option.long ?? option.short ?? '', option.description]);
  const next = [
    ...command.commands.map((child): [string, string] => [child.name(), child.description()]),
    ...command.registeredArguments.flatMap(({ argChoices = [], description }) =>
      argChoices.map((choice): [string, string] => [choice, description]),
    ),
    ...new Map(options),
  ];
  const below = command.commands.flatMap((child) => placesOf(child, `${path} ${child.name()}`.trim()));
  return [{ path, next }, ...below];
}

/** Single quotes are the only characters that a single-quoted word of these shells cannot have. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** In bash and zsh: follows the words before the cursor as far as they name commands, into $at. (In zsh, $path is PATH.) */
const walk = (places: Place[], words: string): string => `
  local at= word
  for word in ${words}; do
    case "\${at:+$at }$word" in
      ${places
        .filter(({ path }) => path !== '')
        .map(({ path }) => quoted(path))
        .join('|')}) at="\${at:+$at }$word" ;;
    esac
  done`;

function bashScript(name: string, id: string, places: Place[]): string {
  const cases = places.map(
    ({ path, next }) => `    ${quoted(path)}) words=${quoted(next.map(([word]) => word).join(' '))} ;;`,
  );
  return `# Completion of ${name} for bash. Put into ~/.bashrc: source <(tidegate completion bash ${name})
_${id}() {${walk(places, `"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`)}
  local words=
  case "$at" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _${id} ${name}
`;
}

function zshScript(name: string, id: string, places: Place[]): string {
  const entry = ([word, description]: [string, string]): string => quoted(`${word}:${description}`);
  const cases = places.map(({ path, next }) => `    ${quoted(path)}) next=(${next.map(entry).join(' ')}) ;;`);
  return `#compdef ${name}
# Completion of ${name} for zsh. Put into ~/.zshrc, after compinit: source <(tidegate completion zsh ${name})
_${id}() {${walk(places, `"\${(@)words[2,CURRENT-1]}"`)}
  local -a next
  case "$at" in
${cases.join('\n')}
  esac
  _describe 'command or option' next || _files
}
compdef _${id} ${name}
`;
}

function fishScript(name: string, id: string, places: Place[]): string {
  const lines = places.flatMap(({ path, next }) =>
    next.map(
      ([word, description]) =>
        `complete -c ${name} -n ${quoted(`test "$(__${id}_path)" = "${path}"`)} -a ${quoted(word)} -d ${quoted(description)}`,
    ),
  );
  const known = places.filter(({ path }) => path !== '').map(({ path }) => quoted(path));
  return `# Completion of ${name} for fish. Save as ~/.config/fish/completions/${name}.fish
function __${id}_path
  set -l path
  for word in (commandline -opc)[2..]
    contains -- "$(string join ' ' $path $word)" ${known.join(' ')}; and set -a path $word
  end
  string join ' ' $path
end
${lines.join('\n')}
`;
}
