/** Lines of one build or step that are passed on: a build that says more is in a loop, and nobody reads on. */
const OUTPUT_LINES_MAX = 20_000;
/** The same in characters. */
const OUTPUT_CHARACTERS_MAX = 8_000_000;

/** @returns a receiver of lines that stops passing them on at the limits, and says so once */
export function limitOutput(onLine: (line: string) => void): (line: string) => void {
  let lines = 0;
  let characters = 0;
  return (line) => {
    if (lines > OUTPUT_LINES_MAX || characters > OUTPUT_CHARACTERS_MAX) return;
    lines += 1;
    characters += line.length;
    const full = lines > OUTPUT_LINES_MAX || characters > OUTPUT_CHARACTERS_MAX;
    onLine(full ? '… more output follows that is not kept' : line);
  };
}
