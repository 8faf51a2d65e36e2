import { afterEach, expect, test } from '@jest/globals';
import { type CommandLine, parseCommandLine } from '../src/command-line.ts';
import { killStarted, startConnect } from './connect-process.ts';

afterEach(killStarted);

test.each([
  [['--help'], {}, 0],
  [['help', 'setup'], {}, 0],
  [['call', '--help'], {}, 0],
  [['--version'], {}, 0],
  [['--nonsense'], {}, 2],
  [['one', 'two'], {}, 2],
  [['docter'], {}, 2],
  [['list', 'x'], {}, 2],
  [['list', '--transport', 'http'], {}, 2],
  [['hello-q7m2d4'], {}, 2],
  [['https://example.com', '--log-file', '/dev/null/log'], {}, 2],
  [[], {}, 2],
  [['hello-q7m2d4'], { MCP_CONNECT_CONFIG: '/dev/null/config.json' }, 2],
])('mcp-connect %j with %j exits with %i', async (args, env, code) => {
  const run = startConnect(args, env as Record<string, string>);

  expect(await run.exited).toBe(code);
  expect(run.stdout() === '').toBe(code !== 0);
  expect(run.stderr() === '').toBe(code === 0);
});

test('server id alone is connected to, with its options', () => {
  const line = parseCommandLine(['hello-q7m2d4', '--allow-http', '--header', 'X-A: 1', '--header=X-B: 2']);

  expect(line).toEqual({
    kind: 'command',
    command: {
      name: 'connect',
      arguments: ['hello-q7m2d4'],
      flags: {},
      options: { allowHttp: ['true'], header: ['X-A: 1', 'X-B: 2'] },
    },
  });
});

test('flags of a command may stand anywhere', () => {
  const line = parseCommandLine(['--dry-run', 'setup', '--client', 'zed', 'hello-q7m2d4', '--client', 'cursor']);

  expect(line).toMatchObject({
    command: { name: 'setup', arguments: ['hello-q7m2d4'], flags: { 'dry-run': true, client: ['zed', 'cursor'] } },
  });
});

test('single dash is an argument of call', () => {
  expect(parseCommandLine(['call', 'hello-q7m2d4', 'greet', '-'])).toMatchObject({
    command: { arguments: ['hello-q7m2d4', 'greet', '-'] },
  });
});

test.each([
  [['docter', 'x'], '"docter" is not a command. Did you mean mcp-connect doctor?'],
  [
    ['lisst'],
    '"lisst" is not a command. Did you mean mcp-connect list? For a server of this name: mcp-connect connect lisst',
  ],
  [['frobnicate', 'x'], '"frobnicate" is not a command. There are: connect, setup,'],
  [['help', 'setpu'], '"setpu" is not a command. Did you mean mcp-connect setup?'],
  [['call', 'x'], 'mcp-connect call: something is missing, expected: mcp-connect call <server-id | URL> TOOL [JSON]'],
  [['tools', '--dry-run'], 'mcp-connect tools has no --dry-run'],
  [['--frob'], "Unknown option '--frob'"],
])('command line %j is refused: %s', (args, problem) => {
  expect(parseCommandLine(args)).toEqual({ kind: 'problem', problem: expect.stringContaining(problem) });
});

test.each([['hello-q7m2d4'], ['one'], ['lost-q7m2d4'], ['connect']])(
  '%s is not taken for a mistyped command',
  (name) => {
    const line: CommandLine = parseCommandLine([name]);

    expect(line.kind).toBe('command');
  },
);
