import { unprocessable } from '../github-error.ts';
import { type Fields, readFields, readNumber, readText } from '../rest/fields.ts';
import { checkPattern } from './check-pattern.ts';
import type { FaultAction, FaultSpec } from './faults.ts';

/** @throws GitHubError UNPROCESSABLE, naming what is wrong: a misspelled fault must not pass as one that never strikes */
export function parseFault(body: Fields): FaultSpec {
  rejectUnknown(body, 'fault', ['match', 'nth', 'times', 'action']);
  const match = readFields(body, 'match') ?? {};
  rejectUnknown(match, 'match', ['method', 'path', 'operation', 'actor']);
  const path = readText(match, 'path');
  if (path !== undefined) checkPattern(path);
  return {
    match: match as FaultSpec['match'],
    nth: readNumber(body, 'nth') ?? 1,
    times: readNumber(body, 'times') ?? 1,
    action: parseAction(readFields(body, 'action') ?? {}),
  };
}

function parseAction(action: Fields): FaultAction {
  const when = readText(action, 'when') ?? 'before';
  if (when !== 'before' && when !== 'after') throw unprocessable(`"${when}" is no time, expected before or after`);
  switch (action.kind) {
    case 'status': {
      rejectUnknown(action, 'action', ['kind', 'status', 'headers', 'body', 'when']);
      const headers = (readFields(action, 'headers') ?? {}) as Record<string, string>;
      return { kind: 'status', status: readNumber(action, 'status') ?? 502, headers, body: action.body, when };
    }
    case 'hang':
      rejectUnknown(action, 'action', ['kind', 'ms', 'when']);
      return { kind: 'hang', ms: readNumber(action, 'ms') ?? 0, when };
    case 'close':
    case 'hold':
      rejectUnknown(action, 'action', ['kind', 'when']);
      return { kind: action.kind, when };
    default:
      throw unprocessable(`"${String(action.kind)}" is no action, expected status, hang, close or hold`);
  }
}

function rejectUnknown(fields: Fields, where: string, known: string[]): void {
  const unknown = Object.keys(fields).filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw unprocessable(`${where} has unknown fields ${unknown.join(', ')}; known: ${known.join(', ')}`);
}
