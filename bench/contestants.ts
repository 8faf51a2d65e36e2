import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Era } from './mcp-http-client.ts';

const BENCH_DIRECTORY = import.meta.dirname;
const WRAPPER_BIN = join(BENCH_DIRECTORY, '../wrapper/bin/mcp-wrapper.js');
const FLOOR_SERVER = join(BENCH_DIRECTORY, 'floor-server.ts');
const SUPERGATEWAY = join(BENCH_DIRECTORY, 'node_modules/supergateway/dist/index.js');
const MCP_PROXY = join(BENCH_DIRECTORY, 'node_modules/mcp-proxy/dist/bin/mcp-proxy.mjs');

/** The server behind all of them: the tool `echo` of the official server-everything. */
const EVERYTHING = join(
  createRequire(import.meta.url).resolve('@modelcontextprotocol/server-everything/package.json'),
  '../dist/index.js',
);
export const CHILD_COMMAND: readonly string[] = [process.execPath, EVERYTHING, 'stdio'];

/** Who is measured. `candidate` is our wrapper; the floors say what is possible at all. */
export type ContestantName = 'candidate' | 'floor-bridge' | 'floor-http' | 'supergateway' | 'mcp-proxy' | 'everything';

export interface Contestant {
  name: ContestantName;
  /** The eras it is measured in. */
  eras: readonly Era[];
  /** What serves it best: supergateway starts a child for each session, mcp-proxy slows down with them. */
  sessions: 'one' | 'each';
  command: (port: number) => readonly string[];
  env?: (port: number) => Record<string, string>;
}

const CANDIDATE: Contestant = {
  name: 'candidate',
  eras: ['legacy', 'modern'],
  sessions: 'each',
  command: (port) => candidateCommand(port),
};

const FLOOR_BRIDGE: Contestant = {
  name: 'floor-bridge',
  eras: ['legacy'],
  sessions: 'one',
  command: (port) => [process.execPath, FLOOR_SERVER, 'bridge', String(port), ...CHILD_COMMAND],
};

const FLOOR_HTTP: Contestant = {
  name: 'floor-http',
  eras: ['legacy'],
  sessions: 'one',
  command: (port) => [process.execPath, FLOOR_SERVER, 'http', String(port)],
};

const MCP_PROXY_PEER: Contestant = {
  name: 'mcp-proxy',
  eras: ['legacy', 'modern'],
  sessions: 'one',
  command: (port) => [
    ...[process.execPath, MCP_PROXY, '--port', String(port), '--host', '127.0.0.1'],
    ...['--', ...CHILD_COMMAND],
  ],
};

const SUPERGATEWAY_PEER: Contestant = {
  name: 'supergateway',
  eras: ['legacy'],
  sessions: 'one',
  command: (port) => [
    ...[process.execPath, SUPERGATEWAY, '--stdio', CHILD_COMMAND.join(' '), '--outputTransport', 'streamableHttp'],
    ...['--stateful', '--port', String(port), '--logLevel', 'none'],
  ],
};

/** The server's own HTTP transport: what a user would have without any wrapper, could they choose. */
const EVERYTHING_HTTP: Contestant = {
  name: 'everything',
  eras: ['legacy'],
  sessions: 'one',
  command: () => [process.execPath, EVERYTHING, 'streamableHttp'],
  env: (port) => ({ PORT: String(port) }),
};

/** In the order they are measured: the floor stands between the candidate and the peers. */
export const CONTESTANTS = {
  candidate: CANDIDATE,
  'floor-bridge': FLOOR_BRIDGE,
  'floor-http': FLOOR_HTTP,
  'mcp-proxy': MCP_PROXY_PEER,
  supergateway: SUPERGATEWAY_PEER,
  everything: EVERYTHING_HTTP,
} as const satisfies Record<ContestantName, Contestant>;

/** Node's options of the wrapper's first line and of the images. */
const NODE_OPTIONS = ['--max-semi-space-size=8', '--no-parallel-scavenge'];

/** The wrapper with its default options, as it is published. */
export function candidateCommand(port: number, options: readonly string[] = []): readonly string[] {
  const address = ['--host', '127.0.0.1', '--port', String(port)];
  return [process.execPath, ...NODE_OPTIONS, WRAPPER_BIN, ...address, ...options, '--', ...CHILD_COMMAND];
}
