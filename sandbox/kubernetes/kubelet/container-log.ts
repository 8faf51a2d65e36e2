import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';

/** Size at which a log file is set aside; with the one set aside, a run keeps at most twice as much. */
const fileBytesMax = 1024 * 1024;
/** Longer lines are cut, so that one line cannot be the whole log. */
const lineCharactersMax = 16 * 1024;

export interface LogSource {
  podUid: string;
  container: string;
  /** The run before the present one. */
  previous: boolean;
}

export interface LogLine {
  /** ISO 8601. */
  at: string;
  text: string;
  /** Grows with every line of a run. */
  position: number;
}

export interface LogReader {
  exists(source: LogSource): boolean;
  read(source: LogSource): LogLine[];
  /** Whether more may come. */
  isOpen(source: LogSource): boolean;
}

/** Logs of one container: the present run and the one before, as lines `<time> <text>`. */
export class ContainerLogs implements LogReader {
  readonly #dir: string;
  readonly #now: () => Date;
  readonly #runs = new Map<string, { bytes: number; lines: number; open: boolean }>();

  constructor(options: { dir: string; now: () => Date }) {
    this.#dir = options.dir;
    this.#now = options.now;
  }

  /** Begins a run; what was the present one becomes the previous one. */
  begin(podUid: string, container: string): void {
    const present = this.#path({ podUid, container, previous: false });
    mkdirSync(join(this.#dir, podUid), { recursive: true, mode: 0o700 });
    for (const suffix of ['', '.older']) {
      const previous = `${this.#path({ podUid, container, previous: true })}${suffix}`;
      rmSync(previous, { force: true });
      if (existsSync(`${present}${suffix}`)) renameSync(`${present}${suffix}`, previous);
    }
    appendFileSync(present, '', { mode: 0o600 });
    this.#runs.set(present, { bytes: 0, lines: 0, open: true });
  }

  append(podUid: string, container: string, text: string): void {
    const path = this.#path({ podUid, container, previous: false });
    const run = this.#runs.get(path);
    if (run === undefined) return;
    run.lines += 1;
    const line = `${this.#now().toISOString()} ${run.lines} ${text.slice(0, lineCharactersMax)}\n`;
    run.bytes += Buffer.byteLength(line);
    if (run.bytes > fileBytesMax) {
      renameSync(path, `${path}.older`);
      run.bytes = Buffer.byteLength(line);
    }
    appendFileSync(path, line, { mode: 0o600 });
  }

  /** Ends the present run. */
  end(podUid: string, container: string): void {
    const run = this.#runs.get(this.#path({ podUid, container, previous: false }));
    if (run !== undefined) run.open = false;
  }

  remove(podUid: string): void {
    rmSync(join(this.#dir, podUid), { recursive: true, force: true });
    for (const path of this.#runs.keys()) if (path.startsWith(join(this.#dir, podUid))) this.#runs.delete(path);
  }

  exists(source: LogSource): boolean {
    return existsSync(this.#path(source));
  }

  isOpen(source: LogSource): boolean {
    return !source.previous && this.exists(source) && this.#runs.get(this.#path(source))?.open === true;
  }

  read(source: LogSource): LogLine[] {
    const path = this.#path(source);
    return [`${path}.older`, path].flatMap((each) => (isFile(each) ? parseLines(readFileSync(each, 'utf8')) : []));
  }

  #path(source: LogSource): string {
    return join(this.#dir, source.podUid, `${source.container}.${source.previous ? 'previous' : 'present'}.log`);
  }
}

function parseLines(content: string): LogLine[] {
  return content
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, at = '', position, text = ''] = /^(\S+) (\d+) (.*)$/s.exec(line) ?? [];
      return { at, text, position: Number(position ?? 0) };
    });
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
