/**
 * `overlay`: keys as they stand, a text on one line. `kustomize`: the bytes that `kubectl kustomize` prints, with keys
 * in its order and long texts broken at 80 columns.
 */
export type YamlStyle = 'overlay' | 'kustomize';

export interface Folding {
  /** Where the text begins. */
  column: number;
  /** Where a continued line begins. */
  indent: number;
}

/** go-yaml's `best_width`: a blank in a later column becomes a line break. */
const FOLD_AFTER_COLUMN = 80;

/**
 * A text as a YAML scalar: plain where that reads back as the same text, else in single quotes, else in double quotes.
 *
 * @param folding null where a line break is not allowed
 */
export function quoteYaml(text: string, style: YamlStyle, folding: Folding | null): string {
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
export function needsEscapes(text: string): boolean {
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

/** Plain text that YAML 1.1 or 1.2 resolves to a null, a boolean, a number or a date. */
function isReadAsOther(text: string, style: YamlStyle): boolean {
  if (/^(?:|~|null|Null|NULL|[yYnN]|[yY]es|YES|[nN]o|NO|[oO]n|ON|[oO]ff|OFF|[tT]rue|TRUE|[fF]alse|FALSE)$/.test(text))
    return true;
  if (/^[-+]?\.(?:inf|Inf|INF)$|^\.(?:nan|NaN|NAN)$/.test(text)) return true;
  if (/^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:$|[Tt ][0-9]{1,2}:)/.test(text)) return true;
  if (/^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?$/.test(text)) return true;
  // Readers differ about odd numbers such as `.`, `e1` and `+0x_`, and about `<<` and `=`: quotes leave no doubt.
  if (style === 'overlay' && /^(?:[-+.0-9][-+.:0-9_a-fA-FxXoO]*|[eE][-+]?[0-9]+|<<|=)$/.test(text)) return true;
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
