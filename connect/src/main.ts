import { homedir } from 'node:os';
import type { JsonObject } from './bridge/json-rpc.ts';
import { RemoteSession } from './bridge/remote-session.ts';
import { runBridge } from './bridge/stdio-bridge.ts';
import { HELP, parseCommandLine } from './command-line.ts';
import { configPath, readConfig } from './config-file.ts';
import { type Endpoint, resolveEndpoint } from './endpoint.ts';
import { SetupError } from './setup-error.ts';
import { VERSION } from './version.ts';

const EXIT_UNEXPECTED = 1;
const EXIT_USAGE = 2;

/** The only place that reads the process's arguments, environment and standard streams. */
async function main(): Promise<void> {
  const line = parseCommandLine(process.argv.slice(2));
  switch (line.kind) {
    case 'help':
      process.stdout.write(HELP);
      return;
    case 'version':
      process.stdout.write(`${VERSION}\n`);
      return;
    case 'problem':
      log(`${line.problem}\nRun mcp-connect --help for usage.`);
      process.exitCode = EXIT_USAGE;
      return;
    case 'connect':
      return await connect(findEndpoint(line));
  }
}

function findEndpoint({ target, allowHttp }: { target: string | undefined; allowHttp: boolean }): Endpoint {
  const { env, platform } = process;
  const path = configPath({ env, platform, home: homedir() });
  const config = readConfig({ path, isNamed: Boolean(env.MCP_CONNECT_CONFIG), platform, warn: log });
  return resolveEndpoint({ target, env, config, allowHttp });
}

async function connect(endpoint: Endpoint): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => process.exit(0));
  // A client that stopped reading has gone.
  process.stdout.on('error', () => process.exit(0));
  process.stderr.on('error', () => {});
  const session = new RemoteSession({ endpoint, userAgent: `mcp-connect/${VERSION}`, deliver, log });
  await runBridge({ input: process.stdin, send: (message) => session.send(message), deliver });
  await session.close();
  // Where pipes are written in the background, the last answers must be out first.
  process.stdout.write('', () => process.exit(0));
}

function deliver(value: JsonObject): void {
  process.stdout.write(`${JSON.stringify(value)}\n`);
}

function log(text: string): void {
  process.stderr.write(`mcp-connect: ${text}\n`);
}

try {
  await main();
} catch (error) {
  if (error instanceof SetupError) {
    log(`${error.message}\n${error.hint}`);
    process.exitCode = EXIT_USAGE;
  } else {
    log(`unexpected failure: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    process.exit(EXIT_UNEXPECTED);
  }
}
