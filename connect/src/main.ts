import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { type Command, parseCommandLine } from './command-line.ts';
import { EXIT } from './commands/command-table.ts';
import { runConnect } from './commands/run-connect.ts';
import type { Place } from './config/config-path.ts';
import { SetupError } from './setup-error.ts';
import { VERSION } from './version.ts';

/**
 * The only place that reads the process's arguments, environment and standard streams. What the bridge does not need
 * is imported when it is asked for, since clients start this program each time a person opens them.
 */
async function main(): Promise<void> {
  const line = parseCommandLine(process.argv.slice(2));
  switch (line.kind) {
    case 'help': {
      const { renderHelp } = await import('./commands/render-help.ts');
      process.stdout.write(renderHelp(line.command));
      return;
    }
    case 'version':
      process.stdout.write(`${VERSION}\n`);
      return;
    case 'problem':
      log(`${line.problem}\nRun mcp-connect --help for usage.`);
      process.exitCode = EXIT.usage;
      return;
    case 'command':
      return line.command.name === 'connect' ? await connect(line.command) : await runOther(line.command);
  }
}

async function connect(command: Command): Promise<void> {
  // A client that stopped reading has gone.
  process.stdout.on('error', () => process.exit(EXIT.ok));
  process.stderr.on('error', () => {});
  const ended = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => ended.abort());
  const { stdin, stdout } = process;
  await runConnect({ command, place: place(), input: stdin, output: stdout, signal: ended.signal, log });
  process.exit(EXIT.ok);
}

async function runOther(command: Command): Promise<void> {
  // `mcp-connect list | head` is no failure.
  process.stdout.on('error', () => process.exit(EXIT.ok));
  const ended = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      ended.abort();
      process.exit(EXIT.failed);
    });
  }
  const { runCommand } = await import('./commands/run-command.ts');
  process.exitCode = await runCommand({
    command,
    place: place(),
    input: process.stdin,
    mainPath: fileURLToPath(new URL('../bin/mcp-connect.js', import.meta.url)),
    print: (text) => process.stdout.write(text),
    note: (text) => process.stderr.write(text),
    signal: ended.signal,
  });
  process.stdin.destroy();
}

function place(): Place {
  return { env: process.env, platform: process.platform, home: homedir() };
}

function log(text: string): void {
  process.stderr.write(`mcp-connect: ${text}\n`);
}

main().catch((error: unknown) => {
  if (error instanceof SetupError) {
    log(`${error.message}\n${error.hint}`);
    process.exitCode = error.code.startsWith('sign-in-') ? EXIT.unreachable : EXIT.usage;
  } else {
    log(`unexpected failure: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    process.exit(EXIT.failed);
  }
});
