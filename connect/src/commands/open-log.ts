import { appendFileSync, renameSync, statSync } from 'node:fs';
import { errorCode } from '../config/error-code.ts';
import { SetupError } from '../setup-error.ts';

/** Bytes of a log file before it is put aside as `<name>.1`, in the place of the one before. */
const LOG_BYTES_MAX = 10 * 1024 * 1024;

/**
 * Where messages for people go: stderr always, and a file if one is named.
 * @throws SetupError log-file-unwritable
 */
export function openLog({
  path,
  write,
  now,
}: {
  path: string;
  write: (text: string) => void;
  now: () => Date;
}): (text: string) => void {
  if (path === '') return write;
  let bytes = sizeOf(path);
  const append = (text: string): void => {
    const line = `${now().toISOString()} ${process.pid} ${text}\n`;
    if (bytes > LOG_BYTES_MAX) {
      renameSync(path, `${path}.1`);
      bytes = 0;
    }
    appendFileSync(path, line, { mode: 0o600 });
    bytes += Buffer.byteLength(line);
  };
  try {
    append('started');
  } catch (error) {
    throw new SetupError(
      'log-file-unwritable',
      `Cannot write the log file ${path}: ${errorCode(error)}`,
      'Name another with --log-file or MCP_CONNECT_LOG_FILE.',
    );
  }
  return (text) => {
    write(text);
    try {
      append(text);
    } catch {
      // A disk that is full since must not end the connection; stderr has the message.
    }
  };
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
