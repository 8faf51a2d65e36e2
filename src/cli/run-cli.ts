import { CommanderError } from 'commander';
import type { CliContext } from './cli-context.ts';
import { EXIT_CODES, type ExitCode, exitCodeOf } from './exit-codes.ts';
import { createProgram } from './program.ts';
import { visibleError } from './visible-error.ts';

/**
 * Runs one command line and tells errors on stderr: in words, or with `--json` as one JSON object.
 * @param args without the program and script, as `process.argv.slice(2)`
 */
export async function runCli(args: readonly string[], context: CliContext): Promise<ExitCode> {
  try {
    await createProgram(context).parseAsync([...args], { from: 'user' });
    return EXIT_CODES.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage;
    return tellError(error, args.includes('--json'), context);
  }
}

function tellError(error: unknown, json: boolean, { terminal, env }: CliContext): ExitCode {
  const { code, message, hint } = visibleError(error);
  terminal.stderr.write(json ? `${JSON.stringify({ error: { code, message, hint } })}\n` : `${message}\n${hint}\n`);
  if (env.MCP_HOSTING_DEBUG && error instanceof Error) terminal.stderr.write(`${error.stack}\n`);
  return exitCodeOf(code);
}
