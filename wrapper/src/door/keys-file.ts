import { readFileSync, statSync } from 'node:fs';
import { KEYS_FILE_BYTES_MAX, KEYS_FILE_POLL_MS } from '../limits.ts';
import type { Log } from '../measure/log.ts';
import { isLive, type Key, parseKeyList } from './key-list.ts';

/**
 * The keys of a file, read again when it changes. It is looked at every few seconds instead of watched: Kubernetes mounts
 * Secrets behind symbolic links that it swaps, which file watches lose sight of. A file that is missing or broken
 * changes nothing, so the last good keys stay; before the first good ones there are none, and the door is shut. An empty
 * one takes every key away: that is how the last key is revoked. A key that expires goes as one that was revoked.
 */
export class KeysFile {
  readonly #path: string;
  readonly #log: Log;
  readonly #nowMs: () => number;
  readonly #onChange: (keys: readonly Key[]) => void;
  #seen = '';
  #lastProblem: string | undefined;
  #keys: readonly Key[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @param options.nowMs wall-clock time, as keys expire by */
  constructor(options: {
    path: string;
    log: Log;
    nowMs: () => number;
    onChange: (keys: readonly Key[]) => void;
  }) {
    this.#path = options.path;
    this.#log = options.log;
    this.#nowMs = options.nowMs;
    this.#onChange = options.onChange;
  }

  /** Reads the file, then looks at it until `stop`. */
  start(pollMs: number = KEYS_FILE_POLL_MS): void {
    this.check();
    this.#timer = setInterval(() => this.check(), pollMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Reads the file if it is another one than before, and takes away what has expired. */
  check(): void {
    this.#read();
    this.#dropExpired();
  }

  #dropExpired(): void {
    const nowMs = this.#nowMs();
    const live = this.#keys.filter((key) => isLive(key, nowMs));
    if (live.length === this.#keys.length) return;
    this.#log.info('Keys expired', { path: this.#path, keys: this.#keys.length - live.length });
    this.#keys = live;
    this.#onChange(live);
  }

  #read(): void {
    try {
      const { size, mtimeMs, ctimeMs, ino, dev } = statSync(this.#path);
      const seen = [size, mtimeMs, ctimeMs, ino, dev].join();
      if (seen === this.#seen) return;
      if (size > KEYS_FILE_BYTES_MAX) throw new RangeError(`it has more than ${KEYS_FILE_BYTES_MAX} bytes`);
      const outcome = parseKeyList(readFileSync(this.#path, 'utf8'));
      this.#seen = seen;
      if (!outcome.ok) return this.#report(outcome.problem);
      this.#lastProblem = undefined;
      this.#keys = outcome.keys;
      this.#onChange(outcome.keys);
      this.#log.info('Keys read', { path: this.#path, keys: outcome.keys.length });
    } catch (error) {
      this.#seen = '';
      const code = (error as NodeJS.ErrnoException).code;
      this.#report(code ?? (error instanceof RangeError ? error.message : 'it cannot be read'));
    }
  }

  /** Once for each problem, not at every look. */
  #report(problem: string): void {
    if (problem === this.#lastProblem) return;
    this.#lastProblem = problem;
    this.#log.error('Cannot use the keys file: the keys from before stay', { path: this.#path, problem });
  }
}
