import { type ChildProcess, spawn } from 'node:child_process';
import {
  CHILD_EOF_GRACE_MS,
  CHILD_INPUT_BYTES_MAX,
  CHILD_OUTPUT_GRACE_MS,
  CHILD_TERM_GRACE_MS,
  STDERR_LINE_BYTES_MAX,
} from '../limits.ts';
import { LineDecoder, type OversizedLine } from './line-decoder.ts';

export type ChildExit =
  | { kind: 'exited'; code: number }
  | { kind: 'killed'; signal: string }
  /** The command could not be started at all; `code` is the system's, such as ENOENT. */
  | { kind: 'not-started'; code: string };

/** How to start the server. The environment is what it gets, nothing is added. */
export interface ChildCommand {
  command: readonly string[];
  cwd: string;
  env: NodeJS.ProcessEnv;
  /** Bytes of one line of its output. */
  lineBytesMax: number;
}

export interface ChildSink {
  line(text: string): void;
  oversized(line: OversizedLine): void;
  stderrLine(text: string): void;
  /** It lives, but has closed what it is talked to by. */
  hungUp(closed: 'stdin' | 'stdout'): void;
  /** Called once, after the last line. The process group is gone or was told to go. */
  exit(exit: ChildExit): void;
}

/**
 * The stdio server in a process group of its own, so that what `npx`, `uvx` or a shell started goes with it.
 * Writing to one that has died is harmless: `exit` tells.
 */
export class StdioChild {
  readonly #process: ChildProcess;
  /** Who hears it: one that was started ahead of need gets another listener later. */
  sink: ChildSink;
  readonly #exited: Promise<void>;
  #isGone = false;
  #isStopping = false;
  /** Lines of this turn of the event loop after its first: each write alone costs a system call and wakes the child. */
  #pending = '';
  #isCollecting = false;

  constructor(options: ChildCommand, sink: ChildSink) {
    const [file = '', ...args] = options.command;
    this.sink = sink;
    this.#process = spawn(file, args, {
      cwd: options.cwd,
      env: options.env,
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
    // EPIPE and the like: most often the exit event follows and is what counts.
    this.#process.stdin?.on('error', () => this.#hangUpUnlessExited('stdin'));
    this.#process.stdout?.once('end', () => this.#hangUpUnlessExited('stdout'));
    this.#readLines(options.lineBytesMax);
    this.#exited = new Promise((resolve) => this.#watchExit(resolve));
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** False when the child has stopped reading and too much waits already; the text was not taken then. */
  writeLine(text: string): boolean {
    const stdin = this.#process.stdin;
    if (!stdin || this.#isGone) return true;
    if (stdin.writableLength + this.#pending.length > CHILD_INPUT_BYTES_MAX) return false;
    if (this.#isCollecting) this.#pending += `${text}\n`;
    else {
      this.#isCollecting = true;
      setImmediate(() => this.#flush());
      stdin.write(`${text}\n`);
    }
    return true;
  }

  /** stdin EOF, then SIGTERM, then SIGKILL, each to the whole group. Resolves when the child has gone. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    this.#flush();
    this.#process.stdin?.end();
    if (await this.#isExitedWithin(CHILD_EOF_GRACE_MS)) return;
    this.signalGroup('SIGTERM');
    if (await this.#isExitedWithin(CHILD_TERM_GRACE_MS)) return;
    this.signalGroup('SIGKILL');
    await this.#exited;
  }

  /** For a child that does not keep to the protocol: no grace. */
  kill(): void {
    this.signalGroup('SIGKILL');
  }

  signalGroup(signal: NodeJS.Signals): void {
    if (this.#process.pid === undefined) return;
    try {
      process.kill(-this.#process.pid, signal);
    } catch {
      // ESRCH: nobody is left in the group, which is what was wanted.
    }
  }

  #flush(): void {
    const text = this.#pending;
    this.#pending = '';
    this.#isCollecting = false;
    if (text !== '' && !this.#isGone) this.#process.stdin?.write(text);
  }

  #readLines(lineBytesMax: number): void {
    const out = new LineDecoder(lineBytesMax, {
      line: (text) => this.sink.line(text),
      oversized: (line) => this.sink.oversized(line),
    });
    this.#process.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
    this.#process.stdout?.on('end', () => out.end());
    const err = new LineDecoder(STDERR_LINE_BYTES_MAX, {
      line: (text) => this.sink.stderrLine(text),
      oversized: ({ head }) => this.sink.stderrLine(`${head}…`),
    });
    this.#process.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
    this.#process.stderr?.on('end', () => err.end());
  }

  /** A server that is told to stop may close its streams first, one that ends by itself has its exit told. */
  #hangUpUnlessExited(closed: 'stdin' | 'stdout'): void {
    setTimeout(() => {
      const { exitCode, signalCode } = this.#process;
      if (!this.#isStopping && exitCode === null && signalCode === null) this.sink.hungUp(closed);
    }, CHILD_OUTPUT_GRACE_MS).unref();
  }

  #watchExit(resolve: () => void): void {
    const finish = (exit: ChildExit): void => {
      if (this.#isGone) return;
      this.#isGone = true;
      this.sink.exit(exit);
      resolve();
    };
    this.#process.once('error', (error: NodeJS.ErrnoException) => {
      if (this.#process.pid === undefined) finish({ kind: 'not-started', code: error.code ?? 'UNKNOWN' });
    });
    this.#process.once('exit', (code, signal) => {
      const exit: ChildExit =
        signal === null ? { kind: 'exited', code: code ?? 0 } : { kind: 'killed', signal: String(signal) };
      // What the child left running would hold its pipes open, and has no server to belong to any more.
      this.signalGroup('SIGKILL');
      this.#process.once('close', () => finish(exit));
      setTimeout(() => finish(exit), CHILD_OUTPUT_GRACE_MS).unref();
    });
  }

  async #isExitedWithin(graceMs: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<false>((resolve) => {
      timer = setTimeout(() => resolve(false), graceMs);
    });
    const isExited = await Promise.race([this.#exited.then(() => true as const), timeout]);
    clearTimeout(timer);
    return isExited;
  }
}
