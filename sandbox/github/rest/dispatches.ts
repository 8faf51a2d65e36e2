import { need } from '../access/authorize.ts';
import { unprocessable } from '../github-error.ts';
import { emitRepositoryDispatch } from '../webhooks/events.ts';
import { readFields, readText } from './fields.ts';
import { noContent, type Routes, repositoryRoute, senderOf } from './route.ts';

/** GitHub's limits of a client_payload. */
const PAYLOAD_KEYS_MAX = 10;
const PAYLOAD_BYTES_MAX = 64 * 1024;

export const dispatchRoutes: Routes = {
  'POST /repos/{owner}/{repo}/dispatches': repositoryRoute(need('write', 'contents:write'), (call) => {
    const payload = readFields(call.body, 'client_payload') ?? {};
    if (Object.keys(payload).length > PAYLOAD_KEYS_MAX) {
      throw unprocessable(
        `No more than ${PAYLOAD_KEYS_MAX} properties are allowed; ${Object.keys(payload).length} were supplied.`,
      );
    }
    if (Buffer.byteLength(JSON.stringify(payload)) > PAYLOAD_BYTES_MAX) {
      throw unprocessable('client_payload is too large.');
    }
    const { hub, repository } = call;
    const sender = senderOf(call);
    emitRepositoryDispatch(hub, { repository, sender }, readText(call.body, 'event_type') ?? '', payload);
    return noContent();
  }),
};
