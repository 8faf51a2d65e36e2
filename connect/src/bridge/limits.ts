/** Every limit of the bridge, with its unit and the reason for its value. */

/** Bytes of one line on stdin. Above what a server of this project takes in one request (10 MiB). */
export const LINE_BYTES_MAX = 64 * 1024 * 1024;

/** Bytes of one answer, or of one line of an event stream. */
export const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

/** Bytes of an answer with an error status that are read to find a JSON-RPC error in it. */
export const ERROR_BODY_BYTES_MAX = 64 * 1024;

/** Time in which such an answer has to be there, in ms; without it the status alone is told. */
export const ERROR_BODY_TIMEOUT_MS = 5_000;

/** Characters of a message from the endpoint that are shown to a person. */
export const REMOTE_TEXT_CHARACTERS_MAX = 300;

/** Silence after which a tool call is given up, in ms. Twice the wrapper's time for one answer; some tools take long. */
export const CALL_TIMEOUT_MS = 600_000;

/**
 * Time in which a body that is no stream has to be there, whole, in ms from its head on, unless the request may be silent
 * for longer. Silence alone would let a server that sends a byte now and then hold a request for ever.
 */
export const BODY_TIMEOUT_MS = 60_000;

/** Silence after which lists, `initialize` and the like are given up, in ms: no server needs longer, and they can be asked again. */
export const QUICK_TIMEOUT_MS = 20_000;

/** Pause between pings to a server over WebSocket, in ms: three of them before it counts as gone. */
export const WEBSOCKET_PING_MS = 30_000;

/** Time for a server to close its WebSocket after its goodbye, in ms: what waits for an answer gets none. */
export const WEBSOCKET_CLOSING_MS = 1_000;

/** A stream that carried keep-alives and then nothing for this long, in ms, is dead. Proxies send them every 15 to 30 s. */
export const KEEP_ALIVE_SILENCE_MS = 90_000;

/** Time for which a request waits for a server that cannot be reached, in ms. Claude Desktop gives up after 60 s. */
export const PATIENCE_MS = 50_000;

/** First pause before a request is sent again, in ms; doubled each time up to `RETRY_DELAY_MAX_MS`. */
export const RETRY_DELAY_MIN_MS = 100;
export const RETRY_DELAY_MAX_MS = 3_000;

/** Time after which a client is told the last known answer to `initialize`, in ms, when the server has not answered. */
export const LAST_KNOWN_AFTER_MS = 3_000;

/** Pause between signs of life to a client whose call waits for its server, in ms. Clients give up after 60 s. */
export const WAITING_PROGRESS_MS = 5_000;

/** Answer to `server/discover`, in ms; legacy servers may never give one. */
export const ERA_PROBE_TIMEOUT_MS = 10_000;

/** Credentials that are asked for in the course of one request. More means that the server refuses them all. */
export const RENEWALS_MAX = 3;

/** Rounds in which a modern server may ask for input before a request is done. */
export const INPUT_ROUNDS_MAX = 32;

/** Calls of a modern client that wait for its input; the oldest is cancelled when there are more. */
export const HELD_CALLS_MAX = 64;

/** Time for which a call of a modern client waits for its input, in ms. */
export const HELD_CALL_MS = 600_000;

/** First pause before the listening stream is opened again, in ms; doubled each time up to `LISTEN_DELAY_MAX_MS`. */
export const LISTEN_DELAY_MIN_MS = 1_000;
export const LISTEN_DELAY_MAX_MS = 30_000;

/** Attempts to get the rest of a stream that was cut, since something new came by it. */
export const RESUMPTIONS_MAX = 10;

/** Resources that are watched at once; a client that wants more is refused. */
export const SUBSCRIPTIONS_MAX = 1_000;

/** After the end of stdin, open requests may be answered for this long, in ms. Clients kill what does not end soon. */
export const END_GRACE_MS = 90;

/** Time to tell the server that the session is over, in ms. It would find out by itself. */
export const GOODBYE_TIMEOUT_MS = 40;

/** Calls that are cancelled one by one when the session ends; each takes a connection, and the end of the session is that of all. */
export const GOODBYE_CANCELS_MAX = 16;

/** Time for a client to read its last answers, in ms; one that does not read any longer would keep the program for ever. */
export const FLUSH_TIMEOUT_MS = 60;

/** Pieces of stdin, of 64 KiB at most, that are kept while the client does not read its answers. */
export const UNREAD_CHUNKS_MAX = 64;

/** Interval of looking whether the machine slept or changed its network, in ms. */
export const NETWORK_WATCH_MS = 5_000;

/** Bytes of one file of last known results. */
export const LAST_KNOWN_BYTES_MAX = 256 * 1024;

/** Files of last known results; the oldest go first. */
export const LAST_KNOWN_FILES_MAX = 100;

/** Pages of tools that are followed: a server whose pages never end is not listened to for ever. */
export const TOOL_PAGES_MAX = 100;

/** Tools whose mirrored parameters are kept in mind. */
export const TOOLS_MAX = 10_000;
