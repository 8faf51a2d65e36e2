import { type Document, isScalar, parseAllDocuments, visit } from 'yaml';
import { notRenderable } from './not-renderable.ts';
import { quoteKey } from './read-yaml-mapping.ts';

/**
 * Reads YAML documents that every YAML library reads alike. kustomize's library mixes YAML 1.1 and 1.2, so a text that
 * the two read differently (`yes`, `0777`, `1:30`, dates), an alias, a tag, an empty value or a fraction is refused.
 * Empty documents are left out.
 *
 * @throws UserError `overlay-not-renderable`
 */
export function readPlainYaml(text: string, file: string): unknown[] {
  if (text.length > FILE_CHARS_MAX) throw notRenderable(file, 'it is over 256 KiB', 'less');
  assertOneReading(text, file);
  const documents = parse(text, '1.2');
  for (const document of documents) assertPlain(document, text, file);
  const values = valuesOf(documents);
  if (JSON.stringify(values) !== JSON.stringify(valuesOf(parse(text, '1.1')))) {
    throw notRenderable(file, 'a value means one thing in YAML 1.1 and another in 1.2', 'such values in quotes');
  }
  for (const value of values) assertWhole(value, file, '');
  return values;
}

/** Ours have about 3,000 characters. */
const FILE_CHARS_MAX = 262_144;

/**
 * What ends a line to kustomize's library and not to ours: a comment of ours would go on as fields of a manifest there. Other
 * control characters fail there, and so do directives; what shows as nothing is of no use to anybody.
 */
const ODD_CHARACTER = /(?![\t\n\r])[\p{Cc}\p{Zl}\p{Zp}]|\r(?!\n)|(?<!^)\ufeff/u;

function assertOneReading(text: string, file: string): void {
  const lineAt = (offset: number) => text.slice(0, offset).split('\n').length;
  const odd = ODD_CHARACTER.exec(text);
  if (odd) {
    const code = odd[0].charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    const state = `it holds the character U+${code}, which ends a line for some readers and not for others`;
    throw notRenderable(file, state, 'printable characters, and lines that end in LF', lineAt(odd.index));
  }
  const directive = /^%/m.exec(text);
  if (directive) throw notRenderable(file, 'it has a directive', 'none', lineAt(directive.index));
}

function parse(text: string, version: '1.1' | '1.2'): Document.Parsed[] {
  // Without merge keys, as `<<` would hide what is refused. Repeated keys are found below in linear time; the library
  // compares every key with every other.
  return [
    ...parseAllDocuments(text, {
      version,
      merge: false,
      uniqueKeys: false,
      prettyErrors: false,
      stringKeys: true,
      logLevel: 'silent',
    }),
  ];
}

function valuesOf(documents: Document.Parsed[]): unknown[] {
  return documents.map((document) => document.toJS({ maxAliasCount: 0 })).filter((value) => value !== null);
}

function assertPlain(document: Document.Parsed, text: string, file: string): void {
  const lineAt = (offset: number) => text.slice(0, offset).split('\n').length;
  const [fault] = [...document.errors, ...document.warnings];
  if (fault) {
    throw notRenderable(file, 'it is not valid YAML', 'valid YAML without tags and directives', lineAt(fault.pos[0]));
  }
  const refuse = (node: { range?: readonly number[] | null | undefined }) => {
    throw notRenderable(file, 'it uses an anchor, an alias or a tag', 'plain values', lineAt(node.range?.[0] ?? 0));
  };
  visit(document, {
    Alias: (_, node) => refuse(node),
    Value: (_, node) => {
      if (node.anchor || node.tag?.startsWith('!')) refuse(node);
    },
    Map: (_, map) => {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) {
          const state = `the key ${quoteKey(String(key.value))} stands twice in one mapping`;
          throw notRenderable(file, state, 'once', lineAt(key.range?.[0] ?? 0));
        }
        seen.add(key.value);
      }
    },
  });
}

function assertWhole(value: unknown, file: string, at: string): void {
  const place = at === '' ? 'it' : quoteKey(at);
  if (value === null) throw notRenderable(file, `${place} has an empty value`, 'a value, or the key left out');
  if (typeof value === 'number' && !Number.isSafeInteger(value)) {
    throw notRenderable(file, `${place} is a number that is not whole`, 'a whole number, or text in quotes');
  }
  if (typeof value === 'object') {
    for (const [key, inner] of Object.entries(value)) {
      if (!Array.isArray(value) && ODD_KEY.test(key)) {
        throw notRenderable(
          file,
          `the key ${quoteKey(key)} looks like a number or a boolean`,
          'a key that begins with a letter',
        );
      }
      assertWhole(inner, file, key);
    }
  }
}

/** kustomize forgets the quotes of keys, and then fails on these. */
const ODD_KEY = /^(?:[^A-Za-z_].*|y|n|yes|no|on|off|true|false|null|)$/is;
