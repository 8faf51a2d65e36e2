import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { EVERYTHING, killStarted, startWrapper } from '../../../wrapper/test/wrapper-process.ts';
import { codeOf } from '../code-of.ts';
import { sendJson, startRemote, stopRemotes } from '../scripted-remote.ts';
import { runArguments } from './command-run.ts';
import { makePlace, removeHomes } from './temporary-home.ts';

afterEach(async () => {
  removeHomes();
  await killStarted();
  await stopRemotes();
});

const ENV = { MCP_CONNECT_PATIENCE_MS: '50000' };

async function startEverything(): Promise<string> {
  return (await startWrapper({ command: [process.execPath, EVERYTHING, 'stdio'] })).url;
}

test('tools prints names, parameters and what they do', async () => {
  const { code, stdout } = await runArguments(['tools', await startEverything()], { place: makePlace('linux', ENV) });

  expect(code).toBe(0);
  expect(stdout).toContain('echo(message)\n    Echoes back the input string\n');
});

test('call prints the text of the result, from arguments, a file or stdin', async () => {
  const url = await startEverything();
  const place = makePlace('linux', ENV);
  const file = join(place.home, 'arguments.json');
  writeFileSync(file, '{"message":"file"}');
  const call = (given: string, stdin = ''): Promise<{ code: number; stdout: string; stderr: string }> =>
    runArguments(['call', url, 'echo', given], { place, stdin });

  expect(await call('{"message":"words"}')).toEqual({ code: 0, stdout: 'Echo: words\n', stderr: '' });
  expect((await call(`@${file}`)).stdout).toBe('Echo: file\n');
  expect((await call('-', '{"message":"stdin"}')).stdout).toBe('Echo: stdin\n');
});

test('call prints the whole result as JSON', async () => {
  const args = ['call', await startEverything(), 'echo', '{"message":"x"}', '--json'];

  const { stdout } = await runArguments(args, { place: makePlace('linux', ENV) });

  expect(JSON.parse(stdout)).toMatchObject({ content: [{ type: 'text', text: 'Echo: x' }] });
});

test('content that is no text is told of on stderr', async () => {
  const url = await startEverything();

  const { stdout, stderr } = await runArguments(['call', url, 'get-tiny-image'], { place: makePlace('linux', ENV) });

  expect(stdout).not.toContain('iVBOR');
  expect(stderr).toContain('(image, image/png: --json prints it)');
});

test('tool that fails, and one that is not there, end with 1', async () => {
  const url = await startEverything();
  const place = makePlace('linux', ENV);

  const wrong = await runArguments(['call', url, 'echo', '{"message":5}'], { place });
  const missing = await runArguments(['call', url, 'no-such-tool'], { place });

  expect(wrong.code).toBe(1);
  expect(missing.code).toBe(1);
  expect(wrong.stdout + wrong.stderr).toContain('message');
  expect(missing.stdout + missing.stderr).toContain('no-such-tool');
});

test('server that cannot be reached ends with 3', async () => {
  const { code, stdout, stderr } = await runArguments(['tools', 'http://127.0.0.1:1/mcp', '--patience-ms', '500'], {
    place: makePlace('linux', ENV),
  });

  expect(code).toBe(3);
  expect(stdout).toBe('');
  expect(stderr).toContain('Cannot reach 127.0.0.1:1: nothing listens');
});

test.each([['[1]'], ['{'], ['@/dev/null/x.json'], ['"text"']])('call refuses arguments %s', async (given) => {
  const place = makePlace('linux', ENV);

  expect(await codeOf(() => runArguments(['call', 'http://127.0.0.1:1', 'x', given], { place }))).toBe(
    'arguments-invalid',
  );
});

test('what a server calls itself and its tools cannot steer the terminal', async () => {
  const evil = '\u001b[2Jx\u202e\ny';
  const { url } = await startRemote(({ message }, res) => {
    const tools = [{ name: evil, description: evil, inputSchema: { properties: { [evil]: {} } } }];
    const initialized = { protocolVersion: '2025-06-18', capabilities: {}, serverInfo: { name: evil } };
    const result = { initialize: initialized, 'tools/list': { tools } }[String(message?.method)];
    return result !== undefined && sendJson(res, { jsonrpc: '2.0', id: message?.id, result });
  });
  const place = makePlace('linux', ENV);

  const tools = await runArguments(['tools', url], { place });
  const doctor = await runArguments(['doctor', url], { place });

  expect(tools).toMatchObject({ code: 0, stdout: '[2Jx y( [2Jx y?)\n    [2Jx y\n' });
  expect(doctor.stdout).toContain('[2Jx y, legacy');
  expect(tools.stdout + doctor.stdout).not.toMatch(/[^\P{C}\n]/u);
});
