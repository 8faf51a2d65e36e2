import type { CommandContext } from './command-context.ts';

/** Each command is loaded when it is run. @returns the exit code @throws SetupError what a person can mend */
export async function runCommand(context: CommandContext): Promise<number> {
  const { name } = context.command;
  switch (name) {
    case 'setup':
      return await (await import('./setup/run-setup.ts')).runSetup(context);
    case 'list':
      return await (await import('./run-list.ts')).runList(context);
    case 'doctor':
      return await (await import('./doctor/run-doctor.ts')).runDoctor(context);
    case 'tools':
      return await (await import('./run-tools.ts')).runTools(context);
    case 'call':
      return await (await import('./run-tools.ts')).runCall(context);
    case 'login':
      return await (await import('./run-sign-in.ts')).runLogin(context);
    case 'logout':
      return await (await import('./run-sign-in.ts')).runLogout(context);
    case 'completion':
      return await (await import('./run-completion.ts')).runCompletion(context);
    case 'connect':
      throw new Error('the bridge is no command that ends with a result');
  }
}
