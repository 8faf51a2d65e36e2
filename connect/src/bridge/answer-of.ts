import type { Message, RequestId, ResponseBody } from './json-rpc.ts';
import { RemoteError } from './remote-failure.ts';
import type { Post, PostEnd, Transport } from './transport.ts';

/** HTTP statuses whose JSON-RPC error is about the message, so it is the answer: a version, a method, a size. */
const ANSWERS: ReadonlySet<number> = new Set([400, 404, 413, 422]);

/** The JSON-RPC error of a refusal, where it is meant for the client. Other statuses speak about the connection. */
export function answerInRefusal(error: unknown): ResponseBody | undefined {
  if (!(error instanceof RemoteError) || error.failure.kind !== 'http') return undefined;
  const { status, rpcError } = error.failure;
  return rpcError && ANSWERS.has(status) ? { error: rpcError } : undefined;
}

export interface Answer {
  /** Undefined when the answer ended without a response. */
  body: ResponseBody | undefined;
  /** How the answer ended; undefined when there is a response. */
  end: PostEnd | undefined;
}

/**
 * Posts a request and resolves as soon as its response is there; what else comes goes to `onMessage`.
 * @throws RemoteError
 */
export function answerOf(transport: Transport, post: Post & { id: RequestId }): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const onMessage = (message: Message): void => {
      if (message.kind === 'response' && message.id === post.id) resolve({ body: message.body, end: undefined });
      else post.onMessage(message);
    };
    transport.post({ ...post, onMessage }).then((end) => resolve({ body: undefined, end }), reject);
  });
}
