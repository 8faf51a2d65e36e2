/** Every limit of the wrapper that is not an option, with its unit and the reason for its value. Options: `options.ts`. */

/** Bytes of a refused body that are read and thrown away, so that the client sees the 413 and not a reset connection. */
export const DISCARD_BYTES_MAX = 64 * 1024 * 1024;

/** A refused request may go on sending for this long, in ms, before it is answered all the same. */
export const DISCARD_MS_MAX = 2_000;

/** Characters of a client's request id; ours are integers, so a long one only costs memory. */
export const REQUEST_ID_CHARACTERS_MAX = 1024;

/** Time to receive one whole HTTP request, in ms: a slow sender may not hold a connection for ever. */
export const REQUEST_RECEIVE_TIMEOUT_MS = 60_000;

/** Idle HTTP connections are kept this long, in ms: longer than the 60 s of nginx and most load balancers. */
export const CONNECTION_KEEP_ALIVE_MS = 75_000;

/** The last answers get this long, in ms, to be taken when the wrapper ends. */
export const CLOSE_MS_MAX = 1_000;

/** Bytes of a body that is waited for after its head, which many clients and proxies send by itself. */
export const PLAIN_BODY_BYTES_MAX = 64 * 1024;

/** Time for such a body to come, in ms, before `node:http` gets the connection, with timeouts of its own. */
export const PLAIN_BODY_WAIT_MS = 1_000;

/** Bytes read of a connection while a request of it is in hand: more than any client sends ahead. */
export const PIPELINED_BYTES_MAX = 64 * 1024;

/** The longest time a timer takes, in ms; a longer one would fire at once (Node, timers). */
export const TIMER_MS_MAX = 2_147_483_647;

/** Comments on silent streams, in ms: proxies commonly cut what was silent for 30 to 60 s. */
export const STREAM_KEEP_ALIVE_MS = 15_000;

/** Bytes waiting for a slow reader before its stream is cut. Above the largest single message we expect (an 8 MB reply). */
export const STREAM_BUFFER_BYTES_MAX = 32 * 1024 * 1024;

/** Bytes that wait for the slow readers of all connections together: a few of the largest answers and streams. */
export const UNREAD_BYTES_MAX = 128 * 1024 * 1024;

/** How often what waits is added up, in ms: a server writes some ten megabytes in that time. */
export const UNREAD_CHECK_MS = 250;

/** Messages kept for a session whose GET stream is not open. They are change notices; the client lists again anyway. */
export const SESSION_QUEUE_MESSAGES_MAX = 64;

/** Events of one stream that are kept for `Last-Event-ID`, and bytes of all streams of all sessions together. */
export const STREAM_EVENTS_MAX = 256;
export const STORED_EVENT_BYTES_MAX = 32 * 1024 * 1024;

/** What streams tell clients to wait before they come again, in ms (server-sent events, `retry`). */
export const STREAM_RETRY_MS = 1_000;

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

/** Time for a server to answer `server/discover`, in ms, where it says nothing at all. */
export const ERA_ANSWER_TIMEOUT_MS = 10_000;

/** A server that has answered `ping` may answer the `server/discover` before it for this long, in ms. */
export const ERA_PING_GRACE_MS = 200;

/** How often a silent child is asked for a sign of life, in ms. */
export const SILENCE_CHECK_MS = 15_000;

/** Lines of a child's stderr that are told again when it ends before it was ready. */
export const LAST_STDERR_LINES = 20;

/** Failed starts in a row after which `/health` says that a restart of the container is wanted. */
export const FAILED_STARTS_UNHEALTHY = 5;

/**
 * A request of a shared child names no call. While several clients have calls open, it waits this long, in ms, for the
 * others to end: the one that is left is the asker.
 */
export const ASK_ATTRIBUTION_WAIT_MS = 30_000;

/** Requests of one child for its client that wait for an answer. */
export const ASKS_MAX = 1_000;

/** A child that answers no ping has this long, in ms, to ask for all it wants of a client in one go. */
export const INPUT_COLLECT_MS = 100;

/** Questions of servers that one session has to answer at once. */
export const SESSION_QUESTIONS_MAX = 100;

/** Calls of one principal that are held until its client brings input. */
export const HELD_CALLS_MAX = 100;

/** Rounds of input that a modern child may ask a legacy client for in one call. */
export const INPUT_ROUNDS_MAX = 20;

/** Pages of `tools/list` that are read to learn which parameters are mirrored into headers. */
export const TOOL_PAGES_MAX = 50;

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

/** Characters of a bearer credential. Tokens with many group claims reach 4 KB; all headers together get 16 KB. */
export const CREDENTIAL_CHARACTERS_MAX = 8 * 1024;

/** Verified tokens remembered until they expire, so that a request costs one hash and no signature check; some 300 bytes each. */
export const VERIFIED_TOKENS_MAX = 10_000;

/** Clocks of issuer and wrapper may differ by this, in s, when `exp` and `nbf` are checked (RFC 9068, 4: "some leeway"). */
export const CLOCK_SKEW_SECONDS = 30;

/** A token stays remembered at most this long, in ms: a key that the issuer withdrew lets nobody in for longer. */
export const VERIFIED_TOKEN_AGE_MAX_MS = 600_000;

/** The issuer's answer (metadata, keys) is waited for this long, in ms; a request hangs on it. */
export const ISSUER_TIMEOUT_MS = 5_000;

/** After a failure the issuer is left alone for this long, in ms; requests that need it get 503 meanwhile. */
export const ISSUER_RETRY_MS = 2_000;

/** Keys are fetched again for an unknown key id at most this often, in ms, so that made-up ids are no way to flood the issuer. */
export const JWKS_COOLDOWN_MS = 30_000;

/** Keys are used for this long, in ms, before they are fetched again. */
export const JWKS_AGE_MAX_MS = 600_000;

/** Bytes of the issuer's metadata. Large ones have some 10 KB. */
export const ISSUER_METADATA_BYTES_MAX = 256 * 1024;

/** How often the keys file is looked at, in ms. Kubernetes itself takes up to a minute to renew a mounted Secret. */
export const KEYS_FILE_POLL_MS = 2_000;

/** Bytes of the keys file: 10,000 keys with names. */
export const KEYS_FILE_BYTES_MAX = 1024 * 1024;

/** Principals whose rate is remembered. The one unseen for longest is forgotten, by then most often with a full bucket. */
export const RATE_BUCKETS_MAX = 10_000;

/** Characters of one header that is handed to the server. */
export const FORWARDED_HEADER_CHARACTERS_MAX = 4 * 1024;

/** Log lines of one kind let through at once, and the number a second that flows in afterwards. */
export const LOG_LINES_BURST = 2_000;
export const LOG_LINES_PER_SECOND = 500;

/** Streams of one session that are kept for `Last-Event-ID`; the oldest that are done go first. */
export const SESSION_STREAMS_MAX = 16;

/** How often WebSocket connections are pinged, in ms; one that has not answered until the next ping is dead. */
export const SOCKET_PING_MS = 30_000;

/** Messages of one WebSocket that wait to be handed on while the server starts, and their bytes; then it is not read. */
export const SOCKET_MESSAGES_MAX = 100;
export const SOCKET_WAITING_BYTES_MAX = 8 * 1024 * 1024;
