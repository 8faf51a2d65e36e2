import { StringDecoder } from 'node:string_decoder';

/** Characters of one line of output that are kept; longer ones are progress bars and dumps. */
export const LINE_CHARACTERS_MAX = 4_000;

/** Turns chunks of bytes into lines. UTF-8 split across chunks stays intact; a line too long is cut and says so. */
export function createLineSplitter(onLine: (line: string) => void): { write(chunk: Buffer): void; end(): void } {
  const decoder = new StringDecoder('utf8');
  let open = '';
  let cut = false;

  function take(text: string): void {
    const lines = text.split('\n');
    lines.forEach((part, index) => {
      if (index > 0) flush();
      const room = LINE_CHARACTERS_MAX - open.length;
      cut ||= part.length > room;
      open += part.slice(0, Math.max(room, 0));
    });
  }

  function flush(): void {
    onLine(`${open.replace(/\r$/, '')}${cut ? ' … (line cut)' : ''}`);
    open = '';
    cut = false;
  }

  return {
    write: (chunk) => take(decoder.write(chunk)),
    end: () => {
      take(decoder.end());
      if (open) flush();
    },
  };
}
