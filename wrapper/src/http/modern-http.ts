import { ERROR } from '../protocol/json-rpc.ts';
import type { Caller } from '../sessions/caller.ts';
import type { Instances } from '../sessions/instances.ts';
import type { ModernRouter } from '../sessions/modern-router.ts';
import type { Admission } from './admission.ts';
import type { HttpReply, HttpRequest } from './http-exchange.ts';
import type { Accept } from './inbound-messages.ts';
import type { OpenStreams } from './open-streams.ts';
import { PostExchange } from './post-exchange.ts';
import { Refusal } from './refusal.ts';
import type { SelectedEra } from './select-era.ts';
import { unavailable } from './unavailable.ts';

/** Streamable HTTP of 2026-07-28: each POST stands alone. */
export class ModernHttp {
  readonly #router: ModernRouter;
  readonly #instances: Instances;
  readonly #admission: Admission;
  readonly #streams: OpenStreams;
  readonly #streamAgeMsMax: number;

  constructor(options: {
    router: ModernRouter;
    instances: Instances;
    admission: Admission;
    streams: OpenStreams;
    streamAgeMsMax: number;
  }) {
    this.#router = options.router;
    this.#instances = options.instances;
    this.#admission = options.admission;
    this.#streams = options.streams;
    this.#streamAgeMsMax = options.streamAgeMsMax;
  }

  async post(
    selected: Extract<SelectedEra, { era: 'modern' }>,
    context: { req: HttpRequest; res: HttpReply; caller: Caller; accept: Accept },
  ): Promise<void> {
    const { req, res, caller, accept } = context;
    const { request } = selected;
    if (!request) {
      res.writeHead(202, { 'content-length': 0 }).end();
      return;
    }
    const isListen = request.method === 'subscriptions/listen';
    if (isListen && !accept.takesEvents) {
      const message = 'subscriptions/listen is answered by an event stream: send "Accept: text/event-stream"';
      throw new Refusal({ status: 406, reason: 'not-acceptable', code: ERROR.invalidRequest, message });
    }
    let end = (): void => void res.end();
    if (isListen) this.#streams.hold(caller, { connection: res, end: () => end() });
    const instance = this.#instances.forPrincipal(caller);
    if (!instance) throw unavailable('session-limit', 'All places for servers of their own are taken');
    const reserved = this.#admission.reserve(instance, 1);
    const server = reserved instanceof Promise ? await reserved : reserved;
    const channel = new PostExchange({ res, headers: {}, ...accept, isBatch: false, requests: 1, isPrimed: false });
    const { meta } = selected;
    const routed = this.#router.request(request, { meta, caller, instance, server, channel, headers: req.headers });
    const open = routed instanceof Promise ? await routed : routed;
    const leave = (): void => open.gone('The client closed the stream');
    if (res.destroyed) return leave();
    res.once('close', leave);
    if (!open.finish) return;
    end = open.finish;
    const timer = setTimeout(open.finish, this.#streamAgeMsMax);
    res.once('close', () => clearTimeout(timer));
  }
}
