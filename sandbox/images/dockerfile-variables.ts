/**
 * Replaces `$NAME`, `${NAME}`, `${NAME:-word}` and `${NAME:+word}`; a backslash or single quotes keep the dollar sign.
 * Quotes are removed, as Docker does in ENV, LABEL, WORKDIR, COPY and FROM. Unknown names are empty.
 */
export function replaceVariables(text: string, variables: Readonly<Record<string, string>>): string {
  let result = '';
  let quote: '"' | "'" | null = null;
  let index = 0;
  while (index < text.length) {
    const character = text.charAt(index);
    if (character === '\\' && quote !== "'" && index + 1 < text.length) {
      result += text.charAt(index + 1);
      index += 2;
    } else if ((character === '"' || character === "'") && (quote === null || quote === character)) {
      quote = quote === null ? character : null;
      index += 1;
    } else if (character === '$' && quote !== "'") {
      const reference = readReference(text.slice(index), variables);
      result += reference.value;
      index += reference.length;
    } else {
      result += character;
      index += 1;
    }
  }
  return result;
}

/** `value` replaces the first `length` characters of the text, which begins with a dollar sign. */
function readReference(text: string, variables: Readonly<Record<string, string>>): { value: string; length: number } {
  const read = (name: string) => (Object.hasOwn(variables, name) ? (variables[name] ?? '') : '');
  const plain = /^\$([A-Za-z_]\w*)/.exec(text);
  if (plain?.[1]) return { value: read(plain[1]), length: plain[0].length };
  const braced = /^\$\{([A-Za-z_]\w*)(?::([-+]))?/.exec(text);
  const end = braced ? findClosingBrace(text, braced[0].length) : -1;
  if (!braced?.[1] || end < 0) return { value: '$', length: 1 };
  const word = text.slice(braced[0].length, end);
  const length = end + 1;
  const current = read(braced[1]);
  if (braced[2] === '-') return { value: current || replaceVariables(word, variables), length };
  if (braced[2] === '+') return { value: current ? replaceVariables(word, variables) : '', length };
  return word === '' ? { value: current, length } : { value: '$', length: 1 };
}

function findClosingBrace(text: string, from: number): number {
  let depth = 1;
  for (let index = from; index < text.length; index++) {
    if (text[index] === '\\') index += 1;
    else if (text.startsWith('${', index)) depth += 1;
    else if (text[index] === '}') depth -= 1;
    if (depth === 0) return index;
  }
  return -1;
}
