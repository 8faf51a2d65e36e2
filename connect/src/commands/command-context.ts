import type { Readable } from 'node:stream';
import type { Command } from '../command-line.ts';
import type { Place } from '../config/config-path.ts';

/** What a command has of the process. Results go to `print`, everything else to `note`. */
export interface CommandContext {
  command: Command;
  place: Place;
  input: Readable & { isTTY?: boolean };
  /** The file this program was started from. */
  mainPath: string;
  print: (text: string) => void;
  note: (text: string) => void;
  /** Aborted when the person wants it to end. */
  signal: AbortSignal;
}
