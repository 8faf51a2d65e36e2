/** The way back to a client for one request: the answer of a POST, or its WebSocket. */
export interface Channel {
  /** Puts a message in front of the answer. False when the client takes none or has gone for good. */
  send(text: string): boolean;
  /** The JSON-RPC response. `status` is that of HTTP where nothing was sent before. */
  end(text: string, status?: number): void;
  /** There will be no response; `cancelledText` is for clients that wait for one all the same. */
  abandon(cancelledText: string): void;
}

/** Where a client takes messages that belong to no request. */
export interface Outlet {
  send(text: string): boolean;
  close(): void;
}
