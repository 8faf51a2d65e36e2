/** The request cannot have reached the server: no connection was made. */
export class NeverSentError extends Error {
  readonly code: string;

  constructor(cause: NodeJS.ErrnoException) {
    super('no connection was made', { cause });
    this.name = 'NeverSentError';
    // The errors of an aborted signal have numbers.
    this.code = typeof cause.code === 'string' ? cause.code : 'UNKNOWN';
  }
}

/** A kept connection turned out to be dead when it was used again. */
export class StaleConnectionError extends Error {
  constructor(cause: Error) {
    super('the kept connection was dead', { cause });
    this.name = 'StaleConnectionError';
  }
}

/** Whoever answered does not speak HTTP/1. */
export class NotHttpError extends Error {
  constructor(detail: string) {
    super(detail);
    this.name = 'NotHttpError';
  }
}
