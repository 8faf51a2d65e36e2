import { becomeInit } from './become-init.ts';
import { findCommand } from './child/find-command.ts';
import { parseCommandLine, renderHelp } from './command-line.ts';
import { allowedEnvironment } from './door/allowed-environment.ts';
import { createChildLog, createLog, type Log } from './measure/log.ts';
import type { WrapperOptions } from './options.ts';
import { startWrapper } from './start-wrapper.ts';
import { VERSION } from './version.ts';

const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** The only place that reads the process's arguments and environment. */
async function main(): Promise<void> {
  becomeInit({
    pid: process.pid,
    argv: [process.execPath, ...process.execArgv, ...process.argv.slice(1)],
    env: process.env,
  });
  const line = parseCommandLine(process.argv.slice(2), process.env);
  switch (line.kind) {
    case 'help':
      process.stdout.write(renderHelp());
      return;
    case 'version':
      process.stdout.write(`${VERSION}\n`);
      return;
    case 'problems':
      for (const problem of line.problems) writeStderrLine(`mcp-wrapper: ${problem}`);
      writeStderrLine('Run mcp-wrapper --help for the options.');
      process.exitCode = EXIT_USAGE;
      return;
    case 'check':
    case 'run': {
      const found = findCommand({
        directory: process.cwd(),
        path: process.env.PATH ?? '',
        nodePath: process.execPath,
        given: line.command,
      });
      if (!found.ok) {
        writeStderrLine(`mcp-wrapper: ${found.message}\n${found.hint}`);
        process.exitCode = EXIT_FAILED;
        return;
      }
      if (line.kind === 'check') process.stdout.write(`${JSON.stringify(found.command)}\n`);
      else await run(line.options, found.command);
    }
  }
}

async function run(options: WrapperOptions, command: readonly string[]): Promise<void> {
  const logTo = { writeLine: writeStderrLine, now: () => new Date() };
  const log = createLog({ ...logTo, level: options.logLevel });
  const { env, withheld } = allowedEnvironment(process.env, options.childEnv);
  if (withheld.length > 0) {
    log.info('Variables not given to the server; --child-env NAME,… gives them', {
      names: withheld.join().slice(0, 1_000),
    });
  }
  // Whoever read our log has gone; that is no reason to stop serving.
  process.stderr.on('error', () => {});
  try {
    const wrapper = await startWrapper({
      options,
      command,
      cwd: process.cwd(),
      env,
      log,
      writeStderrLine: createChildLog({ ...logTo, format: options.logFormat }, log),
      onStartFailed: (exit) => {
        log.error('Server ended before it was ready', { exit });
        process.exit(EXIT_FAILED);
      },
    });
    process.on('exit', () => wrapper.kill());
    endOnSignals(wrapper.drain, log);
    process.on('uncaughtException', (error) => {
      log.error('Wrapper failed', { cause: error.stack ?? error.message });
      process.exit(EXIT_FAILED);
    });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    log.error('Cannot listen', { host: options.host, port: options.port, code });
    process.exitCode = EXIT_FAILED;
  }
}

/** The first signal drains, a second one ends at once. */
function endOnSignals(drain: () => Promise<void>, log: Log): void {
  let isDraining = false;
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (isDraining) process.exit(EXIT_FAILED);
      isDraining = true;
      log.info('Signal received', { signal });
      drain().then(
        () => process.exit(0),
        (error: unknown) => {
          log.error('Drain failed', { cause: String(error) });
          process.exit(EXIT_FAILED);
        },
      );
    });
  }
}

function writeStderrLine(text: string): void {
  process.stderr.write(`${text}\n`);
}

void main();
