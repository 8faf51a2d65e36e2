import type { Readable, Writable } from 'node:stream';
import { runBridge } from '../bridge/run-bridge.ts';
import type { Command } from '../command-line.ts';
import type { Place } from '../config/config-path.ts';
import { readConfigAt, readSettings } from '../config/read-settings.ts';
import { openLog } from './open-log.ts';
import { remoteOptionsOf } from './remote-options.ts';

/**
 * The bridge between a client on this side and the server.
 * @throws SetupError of `readConfigAt`, `readSettings`, `openLog` and `remoteOptionsOf`
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
  const remote = remoteOptionsOf(settings, { place, log });
  await runBridge({ ...remote, name: settings.endpoint.name, input, output, signal });
}
