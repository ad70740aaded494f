import { Argument, type Command } from 'commander';
import { completionScript, type Shell, shells } from '../terminal/completion.js';

const programs = ['tidegate', 'tidegate-sim'];

/** `tidegate completion`. It must be added when the program has all its commands: they are what it completes. */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print the script that makes a shell complete commands and options')
    .addArgument(new Argument('<shell>').choices(shells))
    .addArgument(new Argument('[program]', 'the program to complete').choices(programs).default('tidegate'))
    .addHelpText(
      'after',
      '\nbash: source <(tidegate completion bash)   in ~/.bashrc\nzsh:  source <(tidegate completion zsh)    in ~/.zshrc, after compinit\nfish: tidegate completion fish > ~/.config/fish/completions/tidegate.fish\n\nThe simulator has a script of its own: tidegate completion bash tidegate-sim',
    )
    .action(async (shell: Shell, name: string) => {
      const completed = name === 'tidegate' ? program : (await import('../../device-sim/program/program.js')).program;
      process.stdout.write(completionScript(completed, shell));
    });
}
