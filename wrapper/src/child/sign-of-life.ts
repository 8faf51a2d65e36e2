import type { SendRequest } from './ask-era.ts';
import { type ClientIdentity, modernRequestMeta, type ServerIdentity } from './server-identity.ts';

/** Tells a server that is busy from one that hangs: any line that it writes is a sign of life. */
export class SignOfLife {
  readonly #request: SendRequest;
  readonly #client: ClientIdentity;
  #linesHeard = 0;
  #onLine: (() => void) | undefined;
  #giveUp: (() => void) | undefined;
  #answersPing = false;
  #probe: Promise<boolean> | undefined;
  #silenceTimer: NodeJS.Timeout | undefined;

  constructor({ request, client }: { request: SendRequest; client: ClientIdentity }) {
    this.#request = request;
    this.#client = client;
  }

  /** The server has written a line. */
  hear(): void {
    this.#linesHeard += 1;
    this.#onLine?.();
  }

  /** Whether the server says anything within the time when it is asked to. Several callers at once share one probe. */
  probe(server: ServerIdentity, timeoutMs: number): Promise<boolean> {
    this.#probe ??= this.#ask(server, timeoutMs).finally(() => {
      this.#probe = undefined;
    });
    return this.#probe;
  }

  /** Calls `onSilence` at the end of each interval in which no line came. */
  watch(intervalMs: number, onSilence: () => void): void {
    clearInterval(this.#silenceTimer);
    let heardBefore = this.#linesHeard;
    this.#silenceTimer = setInterval(() => {
      const isSilent = this.#linesHeard === heardBefore;
      heardBefore = this.#linesHeard;
      if (isSilent) onSilence();
    }, intervalMs);
    this.#silenceTimer.unref();
  }

  /** The server has gone, or is to go: the next one is not to be judged by what this one was asked. */
  stop(): void {
    clearInterval(this.#silenceTimer);
    this.#giveUp?.();
  }

  /**
   * A server that is busy with other answers needs not get to the ping. Small hand-written servers leave out `ping`; until
   * one has answered it, a list they must have is asked for too.
   */
  async #ask(server: ServerIdentity, timeoutMs: number): Promise<boolean> {
    const heard = new Promise<true>((resolve) => {
      this.#onLine = () => resolve(true);
    });
    const ignore = (): void => {};
    if (server.era === 'modern') {
      this.#request('server/discover', { _meta: modernRequestMeta(this.#client) }).catch(ignore);
    } else {
      this.#request('ping').then(() => {
        this.#answersPing = true;
      }, ignore);
      if (!this.#answersPing && server.listMethod) this.#request(server.listMethod).catch(ignore);
    }
    const silent = new Promise<false>((resolve) => {
      this.#giveUp = () => resolve(false);
    });
    const timer = setTimeout(() => this.#giveUp?.(), timeoutMs);
    const isAlive = await Promise.race([heard, silent]);
    clearTimeout(timer);
    this.#onLine = undefined;
    this.#giveUp = undefined;
    return isAlive;
  }
}
