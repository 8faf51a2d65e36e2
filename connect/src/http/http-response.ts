/** One answer, whose body comes piece by piece. Whoever gets it reads it to its end, or destroys it. */
export class HttpResponse {
  readonly status: number;
  /** By name in small letters. */
  readonly headers: ReadonlyMap<string, string>;
  readonly #connection: { destroy(error?: Error): void; limitSilence(timeoutMs: number): void };
  /** What came before anybody read. */
  #pending: Buffer[] = [];
  #reader: { onChunk: (chunk: Buffer) => void; resolve: () => void; reject: (error: Error) => void } | undefined;
  #end: { error: Error | undefined } | undefined;

  constructor(
    { status, headers }: { status: number; headers: ReadonlyMap<string, string> },
    connection: { destroy(error?: Error): void; limitSilence(timeoutMs: number): void },
  ) {
    this.status = status;
    this.headers = headers;
    this.#connection = connection;
  }

  /**
   * Resolves when the body has ended.
   * @param onChunk what it throws ends the connection, and is thrown here
   * @throws the system's error when the body was cut
   */
  read(onChunk: (chunk: Buffer) => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#reader = { onChunk, resolve, reject };
      for (const chunk of this.#pending.splice(0)) this.push(chunk);
      if (this.#end) this.finish(this.#end.error);
    });
  }

  /** Reads to the end what nobody wants, so that the connection can be used again. */
  discard(): void {
    this.read(() => {}).catch(() => {
      // Nobody waits for it.
    });
  }

  /** Gives it up after a shorter time of silence than was asked for at first. */
  limitSilence(timeoutMs: number): void {
    this.#connection.limitSilence(timeoutMs);
  }

  /** @param error what a reader is told */
  destroy(error?: Error): void {
    if (!this.#end) this.#connection.destroy(error);
  }

  /** For the connection: more of the body. */
  push(chunk: Buffer): void {
    if (!this.#reader) {
      this.#pending.push(chunk);
      return;
    }
    try {
      this.#reader.onChunk(chunk);
    } catch (error) {
      this.#reader.reject(error as Error);
      this.#reader = { onChunk: () => {}, resolve: () => {}, reject: () => {} };
      this.destroy();
    }
  }

  /** For the connection: the body has ended, or was cut. */
  finish(error: Error | undefined): void {
    this.#end = { error };
    if (error) this.#reader?.reject(error);
    else this.#reader?.resolve();
  }
}
