/** Limits of what we ask of the cluster and keep of its answers, with unit and reason. */

/** One request. The API server itself answers within seconds or not at all. */
export const REQUEST_TIMEOUT_MS = 10_000;

/** Tries of a write that others were faster at. Each round one of them succeeds, so this many may write at once. */
export const WRITE_TRIES_MAX = 30;

/** After an outage of the API server; it is restarted within a minute as a rule. */
export const OUTAGE_WAIT_MS = 5_000;

/** Objects of one page of a list, as kubectl asks for them. */
export const LIST_PAGE = 500;

/** Messages of Argo CD and of pods (characters): they can hold whole manifests. */
export const MESSAGE_CHARACTERS_MAX = 2_000;

/** Names, states and images (characters). */
export const WORD_CHARACTERS_MAX = 512;

/** Images and conditions of one Application, pods of one server. */
export const ITEMS_MAX = 50;

/** Log of one container (bytes). */
export const LOG_BYTES_MAX = 64 * 1024;

/** One line of a log (characters). */
export const LINE_CHARACTERS_MAX = 1_000;

/** Wait before the watch is opened again after a failure: it doubles up to the maximum. */
export const WATCH_BACKOFF_MS = 500;
export const WATCH_BACKOFF_MS_MAX = 30_000;
