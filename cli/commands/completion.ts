import { Argument, type Command } from 'commander';
import { completionScript, type Shell, shells } from '../terminal/completion.js';

/** `tidegate completion`. It must be added when the program has all its commands: they are what it completes. */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('print the script that makes a shell complete commands and options')
    .addArgument(new Argument('<shell>').choices(shells))
    .addHelpText(
      'after',
      '\nbash: source <(tidegate completion bash)   in ~/.bashrc\nzsh:  source <(tidegate completion zsh)    in ~/.zshrc, after compinit\nfish: tidegate completion fish > ~/.config/fish/completions/tidegate.fish',
    )
    .action((shell: Shell) => {
      process.stdout.write(completionScript(program, shell));
    });
}
