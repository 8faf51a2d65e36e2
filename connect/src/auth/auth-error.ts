import { IssuerMismatchError, OAuthError, OAuthErrorCode } from '@modelcontextprotocol/client';
import { printable } from '../printable.ts';
import { SetupError } from '../setup-error.ts';
import { SERVER_WORDS_CHARACTERS_MAX } from './auth-limits.ts';

/** What an authorization server says, made fit for a terminal: one line, printable, not long. */
export function quoteServer(words: string): string {
  return printable(words).slice(0, SERVER_WORDS_CHARACTERS_MAX);
}

/** What any failure of a sign-in becomes for a person. Bodies of answers are left out, since they may hold tokens. */
export function toSignInError(error: unknown, name: string): SetupError {
  if (error instanceof SetupError) return error;
  if (error instanceof OAuthError) {
    // The SDK puts the raw body into the message when it is no OAuth error.
    const said = error.code === OAuthErrorCode.ServerError ? '' : `, saying "${quoteServer(error.message)}"`;
    return new SetupError(
      'sign-in-refused',
      `Cannot sign in to ${name}: the sign-in server answered ${quoteServer(error.code)}${said}`,
      'Try again with mcp-connect login; if it stays so, ask the owner of the server.',
    );
  }
  if (error instanceof IssuerMismatchError) {
    return new SetupError(
      'issuer-mismatch',
      `Cannot sign in to ${name}: the answer is not of the sign-in server that was asked`,
      'Nothing was sent to it. Tell the owner of the server; somebody may be between you and it.',
    );
  }
  return new SetupError(
    'sign-in-failed',
    `Cannot sign in to ${name}: the sign-in server ${describeOutage(error)}`,
    'Check your network, then try again with mcp-connect login; if it stays so, tell the owner of the server.',
  );
}

function describeOutage(error: unknown): string {
  for (let cause = error; isRecord(cause); cause = cause.cause) {
    if (cause.name === 'TimeoutError') return 'did not answer in time';
    if (typeof cause.code === 'string') return `could not be reached (${cause.code})`;
  }
  return 'did not answer as one does';
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
