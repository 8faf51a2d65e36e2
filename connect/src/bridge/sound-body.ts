import { ERROR, isObject, type ResponseBody } from './json-rpc.ts';

/**
 * The answer as clients take it: they drop one whose result is no object, or whose error has no code and message
 * (2025-11-25, basic, responses), and wait on.
 */
export function soundBody(body: ResponseBody): ResponseBody {
  if ('result' in body) return isObject(body.result) ? body : malformed('a result that is no object');
  const { error } = body;
  const isSound = isObject(error) && Number.isInteger(error.code) && typeof error.message === 'string';
  return isSound ? body : malformed('an error without code or message', error);
}

function malformed(what: string, error?: unknown): ResponseBody {
  const data = { reason: 'malformed-answer', ...(error !== undefined && { error }) };
  return { error: { code: ERROR.internal, message: `The server answered with ${what}`, data } };
}
