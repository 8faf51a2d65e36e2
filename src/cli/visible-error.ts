import { UserError } from '../domain/user-error.ts';

/** What a person is shown of an error: a problem they can mend in its own words, anything else in one sentence. */
export interface VisibleError {
  code: string;
  message: string;
  hint: string;
}

export function visibleError(error: unknown): VisibleError {
  if (error instanceof UserError) return { code: error.code, message: error.message, hint: error.hint };
  const message = error instanceof Error ? error.message : String(error);
  return {
    code: 'internal-error',
    message: `Cannot go on: ${message}`,
    hint: 'This is a bug or an outage. Set MCP_HOSTING_DEBUG=1 to see where it came from.',
  };
}
