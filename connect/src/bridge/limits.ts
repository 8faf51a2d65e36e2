/** Every limit of mcp-connect, with its unit and the reason for its value. */

/** Bytes of one line on stdin. Above what a server of this project takes in one request (10 MiB). */
export const LINE_BYTES_MAX = 64 * 1024 * 1024;

/** Bytes of one answer, or of one line of an event stream. */
export const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

/** Bytes of an answer with an error status that are read to find a JSON-RPC error in it. */
export const ERROR_BODY_BYTES_MAX = 64 * 1024;

/** Characters of a message from the endpoint that are shown to a person. */
export const REMOTE_TEXT_CHARACTERS_MAX = 300;

/** Time to open a connection, TLS included, in ms. Systems wait for over 2 minutes by themselves. */
export const CONNECT_TIMEOUT_MS = 15_000;

/** A connection on which nothing arrives for this long, in ms, is given up. Twice the wrapper's time for one answer. */
export const SILENCE_TIMEOUT_MS = 600_000;

/** First pause before the listening stream is opened again, in ms; doubled each time up to `LISTEN_DELAY_MAX_MS`. */
export const LISTEN_DELAY_MIN_MS = 1_000;
export const LISTEN_DELAY_MAX_MS = 30_000;

/** After the end of stdin, open requests may be answered for this long, in ms. */
export const END_GRACE_MS = 60_000;

/** Time to tell the server that the session is over, in ms. It would find out by itself. */
export const GOODBYE_TIMEOUT_MS = 500;

/** Length of a server id: a DNS-1123 label of the platform. */
export const SERVER_ID_CHARACTERS_MAX = 50;

/** Bytes of the config file. */
export const CONFIG_BYTES_MAX = 1024 * 1024;
