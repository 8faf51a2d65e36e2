import type { Readable, Writable } from 'node:stream';
import type { JsonObject } from '../bridge/json-rpc.ts';
import { RemoteSession } from '../bridge/remote-session.ts';
import { runBridge } from '../bridge/stdio-bridge.ts';
import type { Command } from '../command-line.ts';
import type { Place } from '../config/config-path.ts';
import { readConfigAt, readSettings } from '../config/read-settings.ts';
import { VERSION } from '../version.ts';
import { openLog } from './open-log.ts';

/**
 * The bridge between a client on this side and the server.
 * @throws SetupError of `readConfigAt`, `readSettings` and `openLog`
 */
export async function runConnect(options: {
  command: Command;
  place: Place;
  input: Readable;
  output: Writable;
  /** Aborted by a signal to the process. */
  signal: AbortSignal;
  log: (text: string) => void;
}): Promise<void> {
  const { command, place, input, output, signal } = options;
  const config = await readConfigAt(place, options.log);
  const settings = await readSettings({ target: command.arguments[0], flags: command.options, place, config });
  const log = openLog({ path: settings.options.logFile, write: options.log, now: () => new Date() });
  const deliver = (value: JsonObject): void => {
    output.write(`${JSON.stringify(value)}\n`);
  };
  signal.addEventListener('abort', () => process.exit(0));
  const session = new RemoteSession({ endpoint: settings.endpoint, userAgent: `mcp-connect/${VERSION}`, deliver, log });
  await runBridge({ input, send: (message) => session.send(message), deliver });
  await session.close();
}
