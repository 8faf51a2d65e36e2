import type { CommandContext } from './command-context.ts';

/** @returns the exit code */
export async function runCommand(context: CommandContext): Promise<number> {
  switch (context.command.name) {
    case 'setup': {
      const { runSetup } = await import('./setup/run-setup.ts');
      return await runSetup(context);
    }
    default:
      throw new Error('not there');
  }
}
