import { compareYamlKeys } from './compare-yaml-keys.ts';
import { needsEscapes, quoteYaml, type YamlStyle } from './quote-yaml.ts';

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
  const keys = style === 'kustomize' ? Object.keys(mapping).sort(compareYamlKeys) : Object.keys(mapping);
  return keys.flatMap((key) => {
    const lead = `${' '.repeat(indent)}${quoteYaml(key, style, null)}:`;
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
  return quoteYaml(value, style, style === 'kustomize' ? { column, indent: indent + 2 } : null);
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
