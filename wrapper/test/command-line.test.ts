import { expect, test } from '@jest/globals';
import { parseCommandLine, renderHelp } from '../src/command-line.ts';
import { flagOf, OPTIONS, variableOf } from '../src/options.ts';
import { verifies } from './verifies.ts';

const HASH = 'ab'.repeat(32);

test('command line takes options before -- and the command behind it', () => {
  const line = parseCommandLine(['--port', '8080', '--', 'node', 'server.js', '--port', '1'], {});

  expect(line).toMatchObject({ kind: 'run', command: ['node', 'server.js', '--port', '1'], options: { port: 8080 } });
});

test('command line takes every option from the environment, and the flag before it', () => {
  const env = {
    MCP_WRAPPER_PORT: '4000',
    MCP_WRAPPER_HOST: '127.0.0.1',
    MCP_WRAPPER_COMMAND: '["node","server.js"]',
    MCP_WRAPPER_KEY_SHA256: `${HASH}, ${HASH.toUpperCase()}`,
    MCP_WRAPPER_RATE_LIMIT_PER_MINUTE: '60',
    MCP_WRAPPER_ALLOWED_HOSTS: 'Hello.example.com',
    MCP_WRAPPER_BODY_BYTES_MAX: '2048',
  };

  const line = parseCommandLine(['--port', '5000'], env);

  expect(line).toMatchObject({
    kind: 'run',
    command: ['node', 'server.js'],
    options: {
      port: 5000,
      host: '127.0.0.1',
      keySha256: [HASH, HASH],
      rateLimitPerMinute: 60,
      allowedHosts: ['hello.example.com'],
      bodyBytesMax: 2048,
    },
  });
});

test('command line takes an empty variable as one that is not set', () => {
  const env = { MCP_WRAPPER_KEY_SHA256: '', MCP_WRAPPER_PORT: '', MCP_WRAPPER_COMMAND: '' };

  expect(parseCommandLine([], env)).toMatchObject({ kind: 'run', command: undefined, options: { port: 3000 } });
});

test('command line tells every problem at once, and no value', () => {
  const env = {
    MCP_WRAPPER_KEY_SHA256: 'mcp_secret',
    MCP_WRAPPER_COMMAND: 'node server.js',
    MCP_WRAPPER_LOG_LEVEL: 'all',
  };

  const line = parseCommandLine(['--port', '70000'], env);

  expect(line).toEqual({
    kind: 'problems',
    problems: [
      '--port must be a whole number from 0 to 65535',
      'MCP_WRAPPER_KEY_SHA256 must be a list of HEX,…: its item 1 is not one',
      'MCP_WRAPPER_LOG_LEVEL must be one of debug, info, warn, error',
      'MCP_WRAPPER_COMMAND must be a JSON array of strings, for example ["node","server.js"]',
    ],
  });
});

test.each([
  [['node', 'server.js'], /must stand after --/],
  [['--unknown'], /--unknown/],
  [['--'], /command of the MCP server is missing/],
  [['--', ''], /command of the MCP server is missing/],
  [['--port'], /--port/],
])('command line %j is refused', (args, problem) => {
  const line = parseCommandLine(args, {});

  expect(line.kind === 'problems' && line.problems.join()).toMatch(problem);
});

test('help names every flag and variable', () => {
  const help = renderHelp();

  for (const name of Object.keys(OPTIONS)) {
    expect(help).toContain(flagOf(name));
    expect(help).toContain(variableOf(name));
  }
});

test('command line takes a switch with and without a value, and names as they are written', () => {
  const env = { MCP_WRAPPER_FORWARD_PRINCIPAL: 'true', MCP_WRAPPER_CHILD_ENV: 'API_KEY, App_*' };

  const fromEnv = parseCommandLine(['--forward-headers', 'X-Tenant'], env);
  const fromFlag = parseCommandLine(['--forward-principal'], {});

  expect(fromEnv).toMatchObject({
    options: { forwardPrincipal: true, forwardHeaders: ['x-tenant'], childEnv: ['API_KEY', 'App_*'] },
  });
  expect(fromFlag).toMatchObject({ options: { forwardPrincipal: true } });
  expect(parseCommandLine([], {})).toMatchObject({ options: { forwardPrincipal: false } });
});

test.each([
  ['--public-url', 'hello.example.com'],
  ['--public-url', 'http://hello.example.com/mcp'],
  ['--public-url', 'https://hello.example.com/mcp?key=1'],
  ['--oauth-issuer', 'https://user:secret@auth.example.com'],
  ['--oauth-scopes', 'read,with blank'],
  ['--child-env', 'A*B'],
  ['--forward-headers', 'x tenant'],
  ['--log-format', 'xml'],
  ['--keys-file', ''],
])('command line refuses %s %j, without its value', (flag, value) => {
  const line = parseCommandLine([flag, value], {});

  expect(line.kind).toBe('problems');
  expect(line.kind === 'problems' && line.problems.join()).toMatch(new RegExp(`^${flag} must be `));
  expect(line.kind === 'problems' && line.problems.join()).not.toContain('secret');
});

test.each([
  [['--oauth-issuer', 'https://auth.example.com'], '--oauth-issuer needs --public-url'],
  [['--oauth-scopes', 'read'], '--oauth-scopes and --oauth-audience need --oauth-issuer'],
  [['--metrics-port', '3000'], '--metrics-port must be another port than --port'],
])('command line %j contradicts itself', (args, problem) => {
  expect(parseCommandLine(args, {})).toEqual({ kind: 'problems', problems: [problem] });
});

test(verifies('auth-no-offline-access', 'command line takes no offline_access among the scopes'), () => {
  const args = [
    '--public-url',
    'https://a/mcp',
    '--oauth-issuer',
    'https://b',
    '--oauth-scopes',
    'read|offline_access',
  ];

  const problem = '--oauth-scopes must not hold offline_access: refresh tokens are between clients and the issuer';
  expect(parseCommandLine(args, {})).toEqual({ kind: 'problems', problems: [problem] });
});
