import type { IncomingMessage, ServerResponse } from 'node:http';
import { isRecord } from '../api/merge-patch.ts';
import { readObject } from '../api/request-body.ts';
import { sendJson } from '../api/send-json.ts';
import type { GitPoller } from './git-poller.ts';

/**
 * GitHub's push hook, as at Argo CD's `/api/webhook`: whatever is in it only makes us look at the repositories we know,
 * so a forged one does no harm. Answers before looking, since GitHub waits ten seconds at most.
 *
 * @throws ApiError 400 or 413 for a body that is no JSON
 */
export async function receivePushWebhook(
  git: GitPoller,
  call: { request: IncomingMessage; response: ServerResponse; log: (line: string) => void },
): Promise<void> {
  const payload = await readObject(call.request);
  const repository = isRecord(payload) && isRecord(payload.repository) ? payload.repository : {};
  sendJson(call.response, 200, { message: 'Webhook processed' });
  const urls = ['clone_url', 'html_url', 'ssh_url']
    .map((field) => repository[field])
    .filter((url) => typeof url === 'string');
  for (const url of new Set(urls)) {
    await git.pollNow(url).catch((error: Error) => call.log(`Cannot poll ${url.slice(0, 200)}: ${error.message}`));
  }
}
