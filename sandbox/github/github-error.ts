/** How GraphQL names the kinds of failure; REST tells the same by status. */
export type GitHubErrorType =
  | 'NOT_FOUND'
  | 'FORBIDDEN'
  | 'UNPROCESSABLE'
  | 'STALE_DATA'
  | 'UNAUTHENTICATED'
  | 'CONFLICT'
  | 'NOT_ALLOWED';

const STATUS: Record<GitHubErrorType, number> = {
  NOT_FOUND: 404,
  FORBIDDEN: 403,
  UNPROCESSABLE: 422,
  STALE_DATA: 409,
  UNAUTHENTICATED: 401,
  CONFLICT: 409,
  NOT_ALLOWED: 405,
};

/** One field's fault in a 422 answer. */
export interface FieldError {
  resource: string;
  field: string;
  code: 'missing' | 'missing_field' | 'invalid' | 'already_exists' | 'custom';
  message?: string;
}

/** A refusal as GitHub words it; REST answers `{message, errors}`, GraphQL `{type, message}`. */
export class GitHubError extends Error {
  readonly type: GitHubErrorType;
  readonly status: number;
  readonly errors: FieldError[];

  constructor(type: GitHubErrorType, message: string, errors: FieldError[] = []) {
    super(message);
    this.type = type;
    this.status = STATUS[type];
    this.errors = errors;
  }
}

export function notFound(message = 'Not Found'): GitHubError {
  return new GitHubError('NOT_FOUND', message);
}

export function unprocessable(message: string, errors: FieldError[] = []): GitHubError {
  return new GitHubError('UNPROCESSABLE', message, errors);
}

/** The 422 of a field: REST says "Validation Failed" and puts the sentence under `errors`. */
export function invalidField(resource: string, field: string, message: string): GitHubError {
  return new GitHubError('UNPROCESSABLE', message, [{ resource, field, code: 'custom', message }]);
}
