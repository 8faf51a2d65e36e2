/** An error that clients see as a `Status` object, with the reasons of `metav1.StatusReason`. */
export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;

  constructor(code: number, reason: string, message: string) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.reason = reason;
  }
}

export function badRequest(message: string): ApiError {
  return new ApiError(400, 'BadRequest', message);
}

/** @param resource qualified plural, `deployments.apps` */
export function notFound(resource: string, name: string): ApiError {
  return new ApiError(404, 'NotFound', `${resource} ${JSON.stringify(name)} not found`);
}

export function invalid(kind: string, name: string, problem: string): ApiError {
  return new ApiError(422, 'Invalid', `${kind} ${JSON.stringify(name)} is invalid: ${problem}`);
}

export function conflict(resource: string, name: string, problem: string): ApiError {
  return new ApiError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${resource} ${JSON.stringify(name)}: ${problem}`,
  );
}

/** The body of an error answer. */
export function statusOf(error: ApiError): object {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: error.message,
    reason: error.reason,
    code: error.code,
  };
}
