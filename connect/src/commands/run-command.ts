import type { CommandContext } from './command-context.ts';

/** @returns the exit code */
export async function runCommand(context: CommandContext): Promise<number> {
  switch (context.command.name) {
    case 'connect':
      throw new Error('connect is no command that ends with a result');
    default:
      throw new Error('not there');
  }
}
