import type { UserError } from '../user-error.ts';
import { escapeProse, mention } from './escape-markdown.ts';
import { replyMarker } from './markers.ts';
import type { Reply } from './replies.ts';

/** For a command that could not begin: what is in the way and its cure. */
export function renderProblem(options: {
  key: string;
  login: string;
  error: Pick<UserError, 'message' | 'hint'>;
}): Reply {
  const marker = replyMarker(options.key);
  const { message, hint } = options.error;
  return {
    marker,
    body: `${marker}\n${mention(options.login)}: ${escapeProse(message)}.\n\n**Do this:** ${escapeProse(hint)}\n`,
  };
}
