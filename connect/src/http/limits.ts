/** Every limit of the HTTP client, with its unit and the reason for its value. */

/** Time to open a connection, TLS included, in ms. Systems wait for over 2 minutes by themselves. */
export const CONNECT_TIMEOUT_MS = 10_000;

/** A kept connection that was unused for this long, in ms, is not used again: sleep and Wi-Fi changes leave dead ones. */
export const IDLE_CONNECTION_MS = 60_000;

/** A kept connection is let go of this much before the server said it would close it, in ms. */
export const IDLE_MARGIN_MS = 1_000;

/** A connection on which nothing arrives for this long, in ms, is given up. Twice the wrapper's time for one answer. */
export const SILENCE_TIMEOUT_MS = 600_000;

/** Silence after which the system asks whether the other side is still there, in ms. */
export const TCP_PROBE_MS = 15_000;

/** Bytes of an answer's status line and header fields, or of the trailer fields after a body. */
export const HEAD_BYTES_MAX = 64 * 1024;

/** Bytes of the line that tells the size of a chunk. Extensions that are longer serve no one. */
export const CHUNK_LINE_BYTES_MAX = 4 * 1024;

/** Time from the first byte of such a head to its last, in ms. It goes out in one piece where nothing is wrong. */
export const HEAD_TIMEOUT_MS = 20_000;

/** Interim answers (1xx) before the answer itself. */
export const INTERIM_ANSWERS_MAX = 16;

/** Bytes that are read from a socket at once. */
export const READ_BYTES = 64 * 1024;
