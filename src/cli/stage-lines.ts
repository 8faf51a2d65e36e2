import { plainLine } from '../domain/reports/escape-markdown.ts';
import { formatDuration } from '../domain/reports/format-duration.ts';
import { paint, type Terminal } from './terminal.ts';

/**
 * One line per stage with its time. On a terminal the stage that runs is drawn over itself with a spinner; piped, a
 * line appears when its stage ends.
 */
export interface StageLines {
  /** A stage began, or its words changed. Its clock goes on when the label was there already. */
  start(label: string, detail?: string): void;
  succeed(line: StageLine): void;
  fail(line: StageLine): void;
  /** A whole line between the stages. */
  note(text: string): void;
  /** Ends the spinner; what was not finished leaves no line. */
  stop(): void;
}

interface StageLine {
  label: string;
  durationMs?: number;
  /** May hold text from strangers: it is made one visible line. */
  detail?: string;
}

export interface StageLinesOptions {
  terminal: Terminal;
  /** Milliseconds of any steady clock. */
  nowMs?: () => number;
  /** Calls `draw` again and again; returns what ends that. */
  repeat?: (draw: () => void) => () => void;
}

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const FRAME_MS = 80;
/** `waiting for someone to merge` fits: times stand under each other. */
const LABEL_COLUMNS = 30;
const TIME_COLUMNS = 11;
const DETAIL_CHARS_MAX = 400;
const CLEAR_LINE = '\r\u001b[2K';

export function createStageLines(options: StageLinesOptions): StageLines {
  const { terminal, nowMs = () => performance.now(), repeat = repeatEveryFrame } = options;
  const { stdout, color } = terminal;
  let running: { label: string; detail: string; sinceMs: number; frame: number; end: () => void } | undefined;

  function draw(): void {
    if (!running) return;
    const frame = FRAMES[running.frame++ % FRAMES.length] ?? '';
    const text = composeLine(frame, { ...running, durationMs: nowMs() - running.sinceMs });
    stdout.write(`${CLEAR_LINE}${paint(cutToWidth(text, terminal.columns), 'dim', color)}`);
  }

  function stop(): void {
    if (!running) return;
    running.end();
    running = undefined;
    stdout.write(CLEAR_LINE);
  }

  function finish(mark: string, style: 'green' | 'red', line: StageLine): void {
    stop();
    stdout.write(`${composeLine(paint(mark, style, color), line)}\n`);
  }

  return {
    start(label, detail = '') {
      if (!terminal.interactive) return;
      if (running && running.label === label) {
        running.detail = detail;
        return;
      }
      stop();
      running = { label, detail, sinceMs: nowMs(), frame: 0, end: repeat(draw) };
      draw();
    },
    succeed: (line) => finish('✔', 'green', line),
    fail: (line) => finish('✘', 'red', line),
    note(text) {
      stop();
      stdout.write(`${text}\n`);
    },
    stop,
  };
}

function composeLine(mark: string, { label, durationMs, detail }: StageLine): string {
  const time = durationMs === undefined ? '' : formatDuration(durationMs);
  const shown = detail ? plainLine(detail, DETAIL_CHARS_MAX) : '';
  return ` ${mark} ${plainLine(label).padEnd(LABEL_COLUMNS - 1)} ${time.padEnd(TIME_COLUMNS)}${shown}`.trimEnd();
}

/** A line that wraps could not be drawn over. */
function cutToWidth(text: string, columns: number): string {
  const characters = [...text];
  return characters.length < columns ? text : characters.slice(0, Math.max(0, columns - 1)).join('');
}

function repeatEveryFrame(draw: () => void): () => void {
  const timer = setInterval(draw, FRAME_MS);
  timer.unref();
  return () => clearInterval(timer);
}
