/** What the endpoint wants to see before it serves anybody. */
export interface Credentials {
  /** Value of the Authorization header; undefined when none is known. */
  authorization(): Promise<string | undefined>;
  /** After a 401 or 403: gets others. True when the request is worth repeating. Aborted when connect ends. */
  renew(challenge: { status: 401 | 403; wwwAuthenticate: string | undefined }, signal: AbortSignal): Promise<boolean>;
}
