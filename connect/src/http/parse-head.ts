export interface ResponseHead {
  status: number;
  /** Whether the sender speaks HTTP/1.1, which keeps connections unless it says otherwise. */
  isHttp11: boolean;
  /** By name in small letters; what came several times is joined as RFC 9110, 5.3 has it. */
  headers: ReadonlyMap<string, string>;
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/;
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const LINE_END = '\r\n';

interface Field {
  /** In small letters. */
  name: string;
  value: string;
}

/** A server sends the same lines again and again, and taking them apart is a third of what an answer costs. */
const known = new Map<string, Field>();
const KNOWN_LINES_MAX = 64;
const KNOWN_LINE_CHARACTERS_MAX = 128;

/** What occurs once only: of several, the first counts, since joined they would mean nothing. */
const SINGLE: ReadonlySet<string> = new Set(['content-type', 'location', 'retry-after', 'mcp-session-id']);

/**
 * Parses status line and header fields (RFC 9112, 4 and 5).
 * @param text all of it up to the empty line, read as Latin-1
 * @returns undefined for what is no HTTP/1
 */
export function parseHead(text: string): ResponseHead | undefined {
  const [first = '', ...lines] = text.split(LINE_END);
  const status = STATUS_LINE.exec(first);
  if (!status) return undefined;
  const headers = new Map<string, string>();
  let last = '';
  for (const line of lines) {
    // A folded value goes on in the next line (RFC 9112, 5.2).
    if (last !== '' && (line.startsWith(' ') || line.startsWith('\t'))) {
      headers.set(last, `${headers.get(last)} ${line.trim()}`);
      continue;
    }
    const field = known.get(line) ?? parseField(line);
    if (!field) return undefined;
    last = field.name;
    const former = headers.get(last);
    if (former === undefined) headers.set(last, field.value);
    else if (!SINGLE.has(last)) headers.set(last, `${former}, ${field.value}`);
  }
  return { status: Number(status[2]), isHttp11: status[1] === '1', headers };
}

function parseField(line: string): Field | undefined {
  const colon = line.indexOf(':');
  // No name, or space before the colon: whoever is on the way may have read it in another way (RFC 9112, 5.1).
  if (colon < 1 || !NAME.test(line.slice(0, colon))) return undefined;
  const field = { name: line.slice(0, colon).toLowerCase(), value: line.slice(colon + 1).trim() };
  if (line.length > KNOWN_LINE_CHARACTERS_MAX) return field;
  if (known.size >= KNOWN_LINES_MAX) known.clear();
  known.set(line, field);
  return field;
}

/** How the end of a body is found. */
export type Framing = { kind: 'none' } | { kind: 'length'; bytes: number } | { kind: 'chunked' } | { kind: 'close' };

/** RFC 9112, 6.3. @returns undefined when the head contradicts itself */
export function framingOf({ status, headers }: ResponseHead): Framing | undefined {
  if (status === 204 || status === 304) return { kind: 'none' };
  const encoding = headers.get('transfer-encoding');
  const length = headers.get('content-length');
  if (encoding !== undefined) {
    // With both, somebody may be smuggling an answer into another's (RFC 9112, 6.1).
    if (length !== undefined || encoding.toLowerCase() !== 'chunked') return undefined;
    return { kind: 'chunked' };
  }
  if (length === undefined) return { kind: 'close' };
  const [value = '', ...others] = length.split(',').map((part) => part.trim());
  if (!/^\d{1,15}$/.test(value) || others.some((other) => other !== value)) return undefined;
  return value === '0' ? { kind: 'none' } : { kind: 'length', bytes: Number(value) };
}

/** Whether the connection can be used again once the body has ended (RFC 9112, 9.3). */
export function keepsConnection({ isHttp11, headers }: ResponseHead): boolean {
  const options = (headers.get('connection') ?? '').toLowerCase();
  if (/(^|,)\s*close\s*(,|$)/.test(options)) return false;
  return isHttp11 || options.includes('keep-alive');
}
