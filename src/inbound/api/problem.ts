import type { FastifyReply } from 'fastify';
import { UserError } from '../../domain/user-error.ts';
import { RetryLaterError } from '../../ports/retry-later.ts';
import { problemStatus } from './problem-status.ts';

/** One thing wrong in a request. `pointer` is a JSON pointer into the body, or the parameter's place and name. */
export interface ProblemDetail {
  pointer: string;
  detail: string;
}

/** An error response (RFC 9457) with a code and a cure. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  /** What was wrong with this request. */
  detail: string;
  code: string;
  /** What to do now. */
  hint: string;
  errors?: ProblemDetail[];
}

/** Where every code is explained, relative to the project. */
const ERROR_DOCUMENT = 'docs/errors.md';

/** Details at most in one response; a client mends a few at a time. */
const ERRORS_MAX = 20;

export const problemSchema = {
  $id: 'Problem',
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code', 'hint'],
  properties: {
    type: { type: 'string', description: 'Where the code is explained' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What was wrong with this request' },
    code: { type: 'string', description: 'Stable, kebab-case; listed in docs/errors.md' },
    hint: { type: 'string', description: 'What to do now' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: { pointer: { type: 'string' }, detail: { type: 'string' } },
      },
    },
  },
} as const;

export function createProblem(options: {
  code: string;
  status: number;
  detail: string;
  hint: string;
  errors?: ProblemDetail[];
}): Problem {
  const { code, status, detail, hint, errors } = options;
  return {
    type: `${ERROR_DOCUMENT}#${code}`,
    title: titleOf(code),
    status,
    detail,
    code,
    hint,
    ...(errors ? { errors: errors.slice(0, ERRORS_MAX) } : {}),
  };
}

/** What people are told of an error; nothing of what is inside of a bug or an outage. */
export function problemOf(error: unknown): Problem {
  if (error instanceof UserError) {
    return createProblem({
      code: error.code,
      status: problemStatus(error.code),
      detail: error.message,
      hint: error.hint,
    });
  }
  if (error instanceof RetryLaterError) {
    return createProblem({
      code: 'temporarily-unavailable',
      status: 503,
      detail: 'Cannot answer now: a system that this depends on does not answer, expected it to',
      hint: 'Try again after the time in Retry-After.',
    });
  }
  return createProblem({
    code: 'internal-error',
    status: 500,
    detail: 'Cannot answer: something went wrong here, and it was logged',
    hint: 'Try again; if it stays, give the operator the time of the request.',
  });
}

export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply.code(problem.status).header('content-type', 'application/problem+json').send(problem);
}

/** `server-not-found` → `Server not found`. */
function titleOf(code: string): string {
  const words = code.replaceAll('-', ' ');
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}
