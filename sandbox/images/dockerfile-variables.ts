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
  const match = /^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::([-+])((?:[^}\\]|\\.)*))?\})/s.exec(text);
  if (!match) return { value: '$', length: 1 };
  const name = match[1] ?? match[2] ?? '';
  const current = Object.hasOwn(variables, name) ? (variables[name] ?? '') : '';
  const word = () => replaceVariables(match[4] ?? '', variables);
  if (match[3] === '-') return { value: current || word(), length: match[0].length };
  if (match[3] === '+') return { value: current ? word() : '', length: match[0].length };
  return { value: current, length: match[0].length };
}
