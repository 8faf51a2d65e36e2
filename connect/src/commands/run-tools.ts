import { readFileSync } from 'node:fs';
import { isObject, type JsonObject } from '../bridge/json-rpc.ts';
import type { Remote } from '../bridge/remote.ts';
import { describeFailure, RemoteError } from '../bridge/remote-failure.ts';
import { RpcFailure } from '../bridge/upstream.ts';
import { errorCode } from '../config/error-code.ts';
import { readConfigAt, readSettings } from '../config/read-settings.ts';
import { printable } from '../printable.ts';
import { SetupError } from '../setup-error.ts';
import { readAll } from './ask-secret.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT } from './command-table.ts';
import { listTools, type Tool } from './list-tools.ts';
import { openServer } from './open-server.ts';
import { renderResult } from './render-result.ts';

/** Characters of a call's arguments. */
const ARGUMENTS_CHARACTERS_MAX = 64 * 1024 * 1024;

/** The tools of the server: a name and what it does on a line each. */
export function runTools(context: CommandContext): Promise<number> {
  return withServer(context, async (remote) => {
    const { command, print, note, signal } = context;
    const tools = await listTools(remote, signal);
    if (command.flags.json) print(`${JSON.stringify(tools, undefined, 2)}\n`);
    else if (tools.length === 0) note('The server has no tools.\n');
    else print(tools.map(renderTool).join(''));
    return EXIT.ok;
  });
}

/** Calls a tool and prints what it says. */
export async function runCall(context: CommandContext): Promise<number> {
  const { command, print, note, signal } = context;
  const [, name = '', given] = command.arguments;
  const params = { name, arguments: await readArguments(given, context) };
  return await withServer(context, async (remote) => {
    // Arguments that HTTP headers repeat are known from the list (2026-07-28, transports).
    await listTools(remote, signal);
    const result = await remote.request('tools/call', params, { signal });
    if (command.flags.json) print(`${JSON.stringify(result, undefined, 2)}\n`);
    else renderResult(result, { print, note });
    return isObject(result) && result.isError === true ? EXIT.failed : EXIT.ok;
  });
}

async function withServer(context: CommandContext, work: (remote: Remote) => Promise<number>): Promise<number> {
  const { command, place, note } = context;
  const log = (text: string): void => note(`${text}\n`);
  const config = await readConfigAt(place, log);
  const settings = await readSettings({ target: command.arguments[0], flags: command.options, place, config });
  const remote = openServer(settings, { place, log, isInteractive: true });
  try {
    return await work(remote);
  } catch (error) {
    const { name, url } = settings.endpoint;
    if (error instanceof RpcFailure) log(printable(`${name} refused: ${error.error.message} (${error.error.code})`));
    else if (error instanceof RemoteError) {
      const request = { origin: url.origin + url.pathname, isRepeatable: command.name !== 'call' };
      log(printable(describeFailure(error.failure, { target: name, ...request }).message));
    } else throw error;
    return error instanceof RpcFailure ? EXIT.failed : EXIT.unreachable;
  } finally {
    await remote.close();
  }
}

function renderTool({ name, title, description, inputSchema }: Tool): string {
  const properties =
    isObject(inputSchema) && isObject(inputSchema.properties) ? Object.keys(inputSchema.properties) : [];
  const required = isObject(inputSchema) && Array.isArray(inputSchema.required) ? inputSchema.required : [];
  const parameters = properties.map((property) => (required.includes(property) ? property : `${property}?`));
  const words = typeof description === 'string' ? description : typeof title === 'string' ? title : '';
  const about = printable(words);
  return `${printable(`${name}(${parameters.join(', ')})`)}${about === '' ? '' : `\n    ${about}`}\n`;
}

/** @throws SetupError arguments-invalid */
async function readArguments(given: string | undefined, { input }: CommandContext): Promise<JsonObject> {
  if (given === undefined) return {};
  const value = parse(await readGiven(given, input));
  if (isObject(value)) return value;
  throw invalid('they are not a JSON object');
}

async function readGiven(given: string, input: CommandContext['input']): Promise<string> {
  try {
    if (given === '-') return await readAll(input, ARGUMENTS_CHARACTERS_MAX);
    return given.startsWith('@') ? readFileSync(given.slice(1), 'utf8') : given;
  } catch (error) {
    throw invalid(`${given === '-' ? 'stdin' : given.slice(1)} cannot be read (${errorCode(error)})`);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function invalid(state: string): SetupError {
  return new SetupError(
    'arguments-invalid',
    `Cannot call the tool with these arguments: ${state}`,
    `Give JSON such as '{"name":"Kim"}', @FILE, or - for stdin.`,
  );
}
