/**
 * `overlay`: keys as they stand, a text on one line. `kustomize`: the bytes that `kubectl kustomize` prints, with keys
 * in its order and long texts broken at 80 columns.
 */
export type YamlStyle = 'overlay' | 'kustomize';

/**
 * Writes plain JSON as YAML in the manner of go-yaml v2: two spaces, lists at the indentation of their key, and quotes
 * where YAML 1.1 or 1.2 would read anything but the very same string. Written here rather than with a library so that
 * the bytes of an overlay never change with an upgrade, and so that our rendering equals kustomize's.
 *
 * @throws Error for what has no place in a manifest: undefined, functions, fractions and other objects
 */
export function writeYaml(value: unknown, style: YamlStyle): string {
  if (isMapping(value) && Object.keys(value).length > 0) return writeMapping(value, 0, style).join('\n').concat('\n');
  if (Array.isArray(value) && value.length > 0) return writeList(value, 0, style).join('\n').concat('\n');
  return `${writeLeaf(value, 0, 0, style)}\n`;
}

function writeMapping(mapping: Record<string, unknown>, indent: number, style: YamlStyle): string[] {
  const keys = style === 'kustomize' ? Object.keys(mapping).sort(compareKeys) : Object.keys(mapping);
  return keys.flatMap((key) => {
    const lead = `${' '.repeat(indent)}${quoted(key, style, null)}:`;
    const value = mapping[key];
    if (isMapping(value) && Object.keys(value).length > 0) return [lead, ...writeMapping(value, indent + 2, style)];
    if (Array.isArray(value) && value.length > 0) return [lead, ...writeList(value, indent, style)];
    return [`${lead} ${writeLeaf(value, indent, [...lead].length + 1, style)}`];
  });
}

function writeList(list: unknown[], indent: number, style: YamlStyle): string[] {
  return list.flatMap((item) => {
    const lead = `${' '.repeat(indent)}- `;
    const lines =
      isMapping(item) && Object.keys(item).length > 0
        ? writeMapping(item, indent + 2, style)
        : Array.isArray(item) && item.length > 0
          ? writeList(item, indent + 2, style)
          : [`${lead}${writeLeaf(item, indent, lead.length, style)}`];
    return lines.map((line, index) => (index === 0 ? lead + line.slice(lead.length) : line));
  });
}

function writeLeaf(value: unknown, indent: number, column: number, style: YamlStyle): string {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  if (Array.isArray(value)) return '[]';
  if (isMapping(value)) return '{}';
  if (typeof value !== 'string') throw new Error(`Cannot write YAML: a value is a ${typeof value}, expected JSON`);
  if (value.includes('\n') && isLiteral(value)) return literal(value, indent + 2);
  return quoted(value, style, style === 'kustomize' ? { column, indent: indent + 2 } : null);
}

interface Folding {
  /** Where the text begins. */
  column: number;
  /** Where a continued line begins. */
  indent: number;
}

/** go-yaml's `best_width`: a blank in a later column becomes a line break. */
const FOLD_AFTER_COLUMN = 80;

function quoted(text: string, style: YamlStyle, folding: Folding | null): string {
  if (needsEscapes(text)) return fold(`"${[...text].map(escaped).join('')}"`, folding, true);
  if (isReadAsOther(text, style)) return fold(`"${text}"`, folding, true);
  if (needsQuotes(text)) return fold(`'${text.replaceAll("'", "''")}'`, folding, false);
  return fold(text, folding, false);
}

/** Breaks at single blanks once the column is past the limit, as go-yaml does. */
function fold(text: string, folding: Folding | null, double: boolean): string {
  if (!folding || !text.includes(' ')) return text;
  const quotes = /^["']/.test(text) ? 1 : 0;
  const characters = [...text];
  let column = folding.column;
  let afterBlank = false;
  let result = '';
  for (const [index, character] of characters.entries()) {
    const inside = index > quotes && index < characters.length - 1 - quotes;
    const next = characters[index + 1];
    const breaks = character === ' ' && !afterBlank && column > FOLD_AFTER_COLUMN && (inside || quotes === 0);
    if (breaks && (double || next !== ' ')) {
      const mark = next === ' ' ? '\\' : '';
      result += `\n${' '.repeat(folding.indent)}${mark}`;
      column = folding.indent + mark.length;
    } else {
      result += character;
      column += 1;
    }
    afterBlank = character === ' ';
  }
  return result;
}

/** Go's `is_printable` without the breaks other than a line feed, which only double quotes keep. */
function needsEscapes(text: string): boolean {
  return /[^\x20-\x7e\u00a0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]/u.test(text);
}

function escaped(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  if (!needsEscapes(character)) return character;
  const short = SHORT_ESCAPES[character];
  if (short) return short;
  const code = character.codePointAt(0) ?? 0;
  const hex = code.toString(16).toUpperCase();
  if (code <= 0xff) return `\\x${hex.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${hex.padStart(4, '0')}` : `\\U${hex.padStart(8, '0')}`;
}

const SHORT_ESCAPES: Record<string, string> = {
  '\0': '\\0',
  '\x07': '\\a',
  '\b': '\\b',
  '\t': '\\t',
  '\n': '\\n',
  '\v': '\\v',
  '\f': '\\f',
  '\r': '\\r',
  '\x1b': '\\e',
  '\u0085': '\\N',
  '\u2028': '\\L',
  '\u2029': '\\P',
};

/** Plain text that YAML 1.1 or 1.2 resolves to a null, a boolean, a number, a date or a merge key. */
function isReadAsOther(text: string, style: YamlStyle): boolean {
  if (
    /^(?:|~|<<|null|Null|NULL|[yYnN]|[yY]es|YES|[nN]o|NO|[oO]n|ON|[oO]ff|OFF|[tT]rue|TRUE|[fF]alse|FALSE)$/.test(text)
  )
    return true;
  if (/^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/.test(text)) return true;
  if (/^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:$|[Tt ])/.test(text)) return true;
  if (/^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/.test(text)) return true;
  const digits = /^[-+0-9]/.test(text) ? text.replaceAll('_', '') : text;
  if (/^[-+]?0(?:[xX][0-9a-fA-F]+|[oO][0-7]+|[bB][01]+)$/.test(digits)) return true;
  const isNumber = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(digits);
  // A short commit such as 12e4567 is a text to Go, being out of a float's range, and infinite to other readers.
  return isNumber && (style === 'overlay' || Number.isFinite(Number(digits)));
}

/** Characters that mean something to YAML at this place. */
function needsQuotes(text: string): boolean {
  return (
    /^[#,[\]{}&*!|>'"%@`]/.test(text) ||
    /^[?:-](?: |$)/.test(text) ||
    /^(?:---|\.\.\.)/.test(text) ||
    /:(?: |$)/.test(text) ||
    text.includes(' #') ||
    text.startsWith(' ') ||
    text.endsWith(' ')
  );
}

function isLiteral(text: string): boolean {
  return !needsEscapes(text.replaceAll('\n', '')) && !/ \n/.test(text) && !text.endsWith(' ');
}

function literal(text: string, indent: number): string {
  const hint = /^[ \n]/.test(text) ? '2' : '';
  const chomping = text.endsWith('\n') ? (/(?:^|\n)\n$/.test(text) ? '+' : '') : '-';
  const lines = (text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
  return [`|${hint}${chomping}`, ...lines.map((line) => (line === '' ? '' : ' '.repeat(indent) + line))].join('\n');
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** go-yaml's key order: runs of digits compare as numbers, and a letter comes after any other character. */
function compareKeys(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  const at = left.findIndex((character, index) => character !== right[index]);
  if (at < 0) return left.length - right.length;
  const [x, y] = [left[at] ?? '', right[at]];
  if (y === undefined) return 1;
  const [xLetter, yLetter] = [/\p{L}/u.test(x), /\p{L}/u.test(y)];
  if (xLetter !== yLetter) return xLetter ? 1 : -1;
  if (!xLetter) {
    const [m, n] = [digitsAt(left, at), digitsAt(right, at)];
    if (m.value !== n.value) return m.value < n.value ? -1 : 1;
    if (m.length !== n.length) return m.length - n.length;
  }
  return (x.codePointAt(0) ?? 0) - (y.codePointAt(0) ?? 0);
}

/** The number that begins at the place; 0 where there is none. */
function digitsAt(characters: string[], at: number): { value: number; length: number } {
  const digits = /^\p{Nd}*/u.exec(characters.slice(at).join(''))?.[0] ?? '';
  return { value: Number(`0${digits}`), length: digits.length };
}
