import { type Document, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, visit, type YAMLError } from 'yaml';
import { type Lines, linesBetween, rangeAt, type YamlPath } from './locate-in-yaml.ts';
import type { ConfigProblem } from './server-config.ts';

/** A YAML file read as a mapping. */
export interface YamlMapping {
  /** Absent when the text cannot be read as one mapping; an empty file is an empty mapping. */
  value: Record<string, unknown> | undefined;
  /** All that is wrong with the file as YAML, in the order of its lines. */
  problems: ConfigProblem[];
  /** Lines of the value at the path, or of its key; of the nearest node that holds it where there is none. */
  locate(path: YamlPath, part: 'key' | 'value'): Lines;
}

/** Far above any real file; keeps hostile ones from costing more than milliseconds. */
const YAML_CHARS_MAX = 65_536;

/**
 * Reads a file that users write: one YAML document, a mapping, without anchors, aliases, tags and repeated keys. They
 * are refused rather than resolved: no such file needs them, and they are how small files become huge ones.
 * Problems name the kind of mistake only; text of the file is never repeated, since it may be a secret.
 */
export function readYamlMapping(text: string, file: string): YamlMapping {
  const firstLine: Lines = { line: 1, endLine: 1 };
  const fail = (message: string, lines = firstLine): YamlMapping => ({
    value: undefined,
    problems: [{ path: '', message: `Cannot read ${file}: ${message}`, ...lines }],
    locate: () => firstLine,
  });
  if (text.length > YAML_CHARS_MAX) return fail('it is over 64 KiB, expected less');
  const counter = new LineCounter();
  const documents = parseAllDocuments(text, {
    lineCounter: counter,
    prettyErrors: false,
    // Found below in linear time; the library compares every key with every other.
    uniqueKeys: false,
    stringKeys: true,
    schema: 'core',
    resolveKnownTags: false,
    logLevel: 'silent',
  });
  const [document, second] = documents;
  const linesOf = (start: number, end: number): Lines => linesBetween(counter, text, start, end);
  if (!document) return { value: {}, problems: [], locate: () => firstLine };
  if (second) {
    const start = second.range[0];
    return fail('it has several documents, expected one', linesOf(start, start));
  }
  const faults = faultsOf(document);
  const problems = faults.map(({ path, message, start }) => ({
    path,
    message: `Cannot read ${file}: ${message}`,
    ...linesOf(start, start),
  }));
  const locate = (path: YamlPath, part: 'key' | 'value') => {
    const [start, end] = rangeAt(document.contents, path, part);
    return linesOf(start, end);
  };
  if (faults.some(({ fatal }) => fatal)) return { value: undefined, problems, locate };
  const { contents } = document;
  if (contents === null || (isScalar(contents) && contents.value === null)) return { value: {}, problems, locate };
  if (!isMap(contents)) {
    const shape = isSeq(contents) ? 'a list' : 'a single value';
    return fail(
      `its content is ${shape}, expected a mapping of keys to values`,
      linesOf(contents.range[0], contents.range[0]),
    );
  }
  return { value: contents.toJS(document, { maxAliasCount: 0 }), problems, locate };
}

interface Fault {
  path: string;
  message: string;
  start: number;
  /** The document's values cannot be told. */
  fatal: boolean;
}

/** More than a person reads at once; GitHub takes 50 annotations a request. */
const YAML_PROBLEMS_MAX = 20;

/** In the order of the file; the same mistake is told once, since one often makes the lines below it look wrong too. */
function faultsOf(document: Document.Parsed): Fault[] {
  const faults = [
    ...[...document.errors, ...document.warnings].map((error) => ({ ...explain(error), start: error.pos[0] })),
    ...refusedNodes(document),
  ].sort((a, b) => a.start - b.start);
  const told = new Set<string>();
  return faults.filter(({ message }) => !told.has(message) && told.add(message)).slice(0, YAML_PROBLEMS_MAX);
}

function refusedNodes(document: Document.Parsed): Fault[] {
  const faults: Fault[] = [];
  visit(document, {
    Alias: (_, node) => {
      faults.push({
        path: '',
        message: 'an alias (*name) is used, expected the value itself',
        start: node.range?.[0] ?? 0,
        fatal: true,
      });
    },
    Value: (_, node) => {
      const start = node.range?.[0] ?? 0;
      if (node.anchor)
        faults.push({ path: '', message: 'an anchor (&name) is used, expected the plain value', start, fatal: true });
      if (node.tag?.startsWith('!'))
        faults.push({ path: '', message: 'a tag (!name) is used, expected the plain value', start, fatal: true });
    },
    Map: (_, map) => {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) {
          faults.push({
            path: String(key.value),
            message: `the key ${quoteKey(String(key.value))} stands twice in one mapping, expected once`,
            start: key.range?.[0] ?? 0,
            fatal: false,
          });
        }
        seen.add(key.value);
      }
    },
  });
  return faults;
}

/** A key as shown to people: bounded, and with everything unprintable escaped. */
export function quoteKey(key: string): string {
  const shown = key.length > KEY_CHARS_SHOWN ? `${key.slice(0, KEY_CHARS_SHOWN)}…` : key;
  return JSON.stringify(shown.toWellFormed().replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '?'));
}

const KEY_CHARS_SHOWN = 40;

function explain(error: YAMLError): { path: string; message: string; fatal: boolean } {
  return {
    path: '',
    message: EXPLANATIONS[error.code] ?? 'this line is not valid YAML, expected "key: value"',
    fatal: true,
  };
}

/** The library's own messages quote the file, and some are hard to act on. */
const EXPLANATIONS: Partial<Record<YAMLError['code'], string>> = {
  TAB_AS_INDENT: 'a line is indented with a tab, expected spaces',
  BAD_INDENT:
    'the indentation of this line does not fit the lines above it, expected the same as its neighbours, and every bracket closed',
  MISSING_CHAR: 'a quote, bracket, comma or colon is missing here, expected it closed',
  BLOCK_AS_IMPLICIT_KEY: 'two "key: value" pairs stand on one line, expected one a line, or the value in quotes',
  MULTILINE_IMPLICIT_KEY: 'a key goes over several lines, expected "key: value"; check the indentation',
  BAD_SCALAR_START: 'a value begins with a reserved character (@ or `), expected the value in quotes',
  BAD_DQ_ESCAPE: 'a text in double quotes has an unknown escape after \\, expected \\\\ for a backslash',
  BAD_ALIAS: 'an alias (*name) is used, expected the value itself, in quotes when it begins with *',
  TAG_RESOLVE_FAILED: 'a tag (!name) is used, expected the plain value, in quotes when it begins with !',
  NON_STRING_KEY: 'a key is not a plain word, expected "key: value"',
  RESOURCE_EXHAUSTION: 'it is nested too deeply, expected a few levels',
  BAD_DIRECTIVE: 'a directive (a line with %) is used, expected none',
};
