import { homedir } from 'node:os';
import { fixedCredentials } from './auth/fixed-credentials.ts';
import { runBridge } from './bridge/run-bridge.ts';
import { cachePath } from './cache-path.ts';
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
  const ending = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => ending.abort());
  // A client that stopped reading has gone.
  process.stdout.on('error', () => process.exit(0));
  process.stderr.on('error', () => {});
  const { env, platform } = process;
  await runBridge({
    endpoint: endpoint.url,
    name: endpoint.name,
    credentials: fixedCredentials(endpoint.key),
    userAgent: `mcp-connect/${VERSION}`,
    client: { name: 'mcp-connect', version: VERSION },
    ...(env.MCP_CONNECT_PATIENCE_MS && { patienceMs: Number(env.MCP_CONNECT_PATIENCE_MS) }),
    cacheDir: env.MCP_CONNECT_CACHE_DIR || cachePath({ env, platform, home: homedir() }),
    env,
    input: process.stdin,
    output: process.stdout,
    signal: ending.signal,
    log,
  });
  process.exit(0);
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
