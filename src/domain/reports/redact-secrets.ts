/** Shapes of credentials that are certain enough to blacken: a false match costs one word of a log line. */
const SECRET_SHAPES: readonly RegExp[] = [
  /\b(?:gh[opsur]_[A-Za-z0-9_]{16,}|github_pat_[A-Za-z0-9_]{20,})/g,
  /\b(?:mcp|mcph)_[A-Za-z0-9_-]{32,}/g,
  /\b(?:sk|pk|rk)[-_](?:live|test|proj|ant)[-_][A-Za-z0-9_-]{8,}/g,
  /\bsk-[A-Za-z0-9]{20,}/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g,
  /\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g,
  /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g,
  /(?<=\b(?:bearer|basic|token)\s+)[A-Za-z0-9._~+/=-]{16,}/gi,
  /(?<=\b(?:password|passwd|secret|api[_-]?key|access[_-]?key|auth[_-]?token|access[_-]?token)["']?\s{0,3}[=:]\s{0,3}["']?)[^\s"']{6,}/gi,
  /(?<=[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@]{1,100}:)[^\s@/]{1,200}(?=@)/gi,
];

/** Longer lines are cut before they are searched, which bounds the work; nothing that long is shown anyway. */
const LINE_CHARS_MAX = 4_000;

/** A log line with what looks like a credential replaced by `[redacted]`. */
export function redactSecrets(line: string): string {
  return SECRET_SHAPES.reduce((text, shape) => text.replace(shape, '[redacted]'), line.slice(0, LINE_CHARS_MAX));
}
