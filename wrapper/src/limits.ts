/** Every limit of the wrapper that is not an option, with its unit and the reason for its value. Options: `options.ts`. */

/** Arrays and objects inside each other in a request. A JSON Schema rarely passes 50; Python's parser gives up at 1,000. */
export const NESTING_DEPTH_MAX = 128;

/** Messages in one JSON-RPC batch (protocol 2025-03-26 only). Clients that batch send a handful. */
export const BATCH_MESSAGES_MAX = 50;

/** Bytes of a refused body that are read and thrown away, so that the client sees the 413 and not a reset connection. */
export const DISCARD_BYTES_MAX = 64 * 1024 * 1024;

/** Characters of a client's request id; ours are integers, so a long one only costs memory. */
export const REQUEST_ID_CHARACTERS_MAX = 1024;

/** Time to receive one whole HTTP request, in ms: a slow sender may not hold a connection for ever. */
export const REQUEST_RECEIVE_TIMEOUT_MS = 60_000;

/** Idle HTTP connections are kept this long, in ms: longer than the 60 s of nginx and most load balancers. */
export const CONNECTION_KEEP_ALIVE_MS = 75_000;

/** Comments on silent streams, in ms: proxies commonly cut what was silent for 30 to 60 s. */
export const STREAM_KEEP_ALIVE_MS = 15_000;

/** Bytes waiting for a slow reader before its stream is cut. Above the largest single message we expect (an 8 MB reply). */
export const STREAM_BUFFER_BYTES_MAX = 32 * 1024 * 1024;

/** Messages kept for a session whose GET stream is not open. They are change notices; the client lists again anyway. */
export const SESSION_QUEUE_MESSAGES_MAX = 64;

/** A session unused for this long, in ms, may be evicted for a new one when all places are taken. */
export const SESSION_EVICT_IDLE_MS = 60_000;

/** How often expired sessions are looked for, in ms. */
export const SESSION_SWEEP_MS = 30_000;

/** Resources one session may subscribe to. */
export const SESSION_SUBSCRIPTIONS_MAX = 1_000;

/** Bytes waiting for a child that does not read its stdin before requests are refused. */
export const CHILD_INPUT_BYTES_MAX = 64 * 1024 * 1024;

/** Requests of the wrapper's own that wait for the child: health probes, restored subscriptions. */
export const OWN_REQUESTS_MAX = 2_000;

/** First pause before a dead child is started again, in ms; doubled each time up to `RESTART_DELAY_MAX_MS`. */
export const RESTART_DELAY_MIN_MS = 100;
export const RESTART_DELAY_MAX_MS = 30_000;

/** A child that lived this long, in ms, is taken to be sound: the next restart begins with the short pause again. */
export const RESTART_RESET_MS = 60_000;

/** After stdin EOF the child may end by itself for this long, in ms, before SIGTERM. */
export const CHILD_EOF_GRACE_MS = 2_000;

/** After SIGTERM the child's process group has this long, in ms, before SIGKILL. */
export const CHILD_TERM_GRACE_MS = 3_000;

/** After the child's exit its last output may arrive for this long, in ms; a grandchild can hold the pipe open. */
export const CHILD_OUTPUT_GRACE_MS = 500;

/** Bytes of one line of the child's stderr; longer ones are cut. */
export const STDERR_LINE_BYTES_MAX = 16 * 1024;

/** Characters of a stray stdout line that are shown in the log. */
export const STRAY_OUTPUT_CHARACTERS_MAX = 200;

/** What `Retry-After` says when the wrapper or the child will be back soon, in s. */
export const RETRY_AFTER_SECONDS = 1;
