import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** A log of more than this is set aside once, so that a sandbox left running does not fill the disk. */
const LOG_BYTES_MAX = 20 * 1024 * 1024;

/** A line logger into a file, with the time in front. */
export function createEventLog(path: string): (line: string) => void {
  mkdirSync(dirname(path), { recursive: true });
  let bytes = sizeOf(path);
  return (line) => {
    const text = `${new Date().toISOString()} ${line}\n`;
    if (bytes + text.length > LOG_BYTES_MAX) {
      renameSync(path, `${path}.1`);
      bytes = 0;
    }
    bytes += text.length;
    appendFileSync(path, text, { mode: 0o600 });
  };
}

function sizeOf(path: string): number {
  try {
    return statSync(path).size;
  } catch {
    return 0;
  }
}
