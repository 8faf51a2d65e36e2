import type { Writable } from 'node:stream';

/** Where a command writes, and what the place can show. */
export interface Terminal {
  stdout: Writable;
  stderr: Writable;
  /** stdout is a terminal: spinners may move on it. */
  interactive: boolean;
  color: boolean;
  /** Characters in a line, for lines that are drawn over themselves. */
  columns: number;
}

/** A terminal's width where it does not tell, as VT100 had it. */
const COLUMNS_DEFAULT = 80;

type MaybeTty = Writable & { isTTY?: boolean; columns?: number };

/** `NO_COLOR` (no-color.org) and `TERM=dumb` take colour away, a pipe takes colour and movement away. */
export function describeTerminal(streams: { stdout: MaybeTty; stderr: MaybeTty }, env: NodeJS.ProcessEnv): Terminal {
  const interactive = streams.stdout.isTTY === true && env.TERM !== 'dumb';
  const noColor = env.NO_COLOR !== undefined && env.NO_COLOR !== '';
  return {
    stdout: streams.stdout,
    stderr: streams.stderr,
    interactive,
    color: interactive && !noColor,
    columns: streams.stdout.columns ?? COLUMNS_DEFAULT,
  };
}

const SGR = { green: '32', red: '31', cyan: '36', dim: '2', bold: '1' } as const;

export function paint(text: string, style: keyof typeof SGR, color: boolean): string {
  return color ? `\u001b[${SGR[style]}m${text}\u001b[0m` : text;
}
