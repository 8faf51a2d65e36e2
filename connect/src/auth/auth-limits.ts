/** Every limit of signing in, with its unit and the reason for its value. */

/** Time for one answer of an authorization server, in ms. */
export const AUTH_ANSWER_TIMEOUT_MS = 30_000;

/** Bytes of one answer of an authorization server. Real metadata has under 20 KB. */
export const AUTH_ANSWER_BYTES_MAX = 1024 * 1024;

/** Redirects from one place of metadata to the next. */
export const AUTH_REDIRECTS_MAX = 5;

/** Time a person has to sign in, in ms: long enough to look up a password and a second factor. */
export const SIGN_IN_TIMEOUT_MS = 300_000;

/** After a sign-in that failed, no other one is started by itself for this long, in ms: no tab upon tab. */
export const SIGN_IN_REST_MS = 300_000;

/** The same for the failure of another instance, in ms: those that waited for it shall not ask again one by one. */
export const SHARED_FAILURE_REST_MS = 30_000;

/** A token that is refused within this time after it was issued, in ms, was not refused for its age. */
export const FRESH_TOKEN_MS = 60_000;

/** Fresh tokens refused in a row before it is given up: one by refresh, one by sign-in. */
export const FRESH_REFUSALS_MAX = 2;

/** Time before its expiry at which a token is no longer taken for valid, in ms: clocks differ. */
export const EXPIRY_MARGIN_MS = 10_000;

/** The holder of a lock touches it every so often, in ms. */
export const LOCK_HEARTBEAT_MS = 2_000;

/** A lock that was not touched for this long while somebody watched, in ms, is nobody's any more. */
export const LOCK_STALE_MS = 15_000;

/** Pause between two tries to get a lock, in ms. A file watcher would be less reliable on network drives. */
export const LOCK_POLL_MS = 100;

/** Bytes of a state file. Tokens of some servers have 10 KB. */
export const STATE_FILE_BYTES_MAX = 256 * 1024;

/** Pause between two questions for the result of a device code in s, unless the server says otherwise (RFC 8628, 3.2). */
export const DEVICE_POLL_DEFAULT_S = 5;

/** The least pause between them in s, whatever the server says. */
export const DEVICE_POLL_MIN_S = 1;

/** What RFC 8628, 3.5 adds to the pause for each `slow_down`, in s. */
export const DEVICE_SLOW_DOWN_S = 5;

/** Characters of an authorization server's own words that are shown to a person. */
export const SERVER_WORDS_CHARACTERS_MAX = 200;
