import { Writable } from 'node:stream';
import type { Terminal } from '../../../src/cli/terminal.ts';

/** A terminal whose output is kept as text. */
export function capturedTerminal(options: Partial<Pick<Terminal, 'interactive' | 'color' | 'columns'>> = {}): {
  terminal: Terminal;
  stdout(): string;
  stderr(): string;
} {
  const out: string[] = [];
  const err: string[] = [];
  return {
    terminal: { interactive: false, color: false, columns: 80, ...options, stdout: sink(out), stderr: sink(err) },
    stdout: () => out.join(''),
    stderr: () => err.join(''),
  };
}

function sink(chunks: string[]): Writable {
  return new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
}
