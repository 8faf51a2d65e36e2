/** GitHub's own limits and ours, with unit and reason. */

/** One answer of the API. The largest we ask for is a hundred comments of 65,536 characters each. */
export const RESPONSE_BYTES_MAX = 32 * 1024 * 1024;

/** Text of one file that we parse (`package.json`, `.mcp-hosting.yml`, a manifest). A lock file is not among them. */
export const FILE_BYTES_MAX = 256 * 1024;

/** Files of one overlay; the bot writes five. */
export const OVERLAY_FILES_MAX = 100;

/** Text of one file of a pull request that is checked; anybody may propose one, and ours have about 3,000. */
export const REVIEWED_FILE_BYTES_MAX = 64 * 1024;

/** Files of one folder of it together; ours have about 10,000. */
export const REVIEWED_FOLDER_BYTES_MAX = 256 * 1024;

/** All texts of one pull request: two hundred servers of ours, before and after, take about 4 MB. */
export const REVIEWED_BYTES_MAX = 6 * 1024 * 1024;

/** Changed files of one pull request that are looked at: ten requests for their names. GitHub lists 3,000 at most. */
export const REVIEWED_FILES_MAX = 1_000;

/** An issue comment, a pull request body (GitHub's limit, characters). */
export const BODY_CHARACTERS_MAX = 65_536;

/** Title of a pull request (GitHub's limit, characters). */
export const TITLE_CHARACTERS_MAX = 256;

/** Summary and text of a check run (GitHub's limit, characters). */
export const CHECK_TEXT_CHARACTERS_MAX = 65_535;

/** Annotations in one request (GitHub's limit). */
export const CHECK_ANNOTATIONS_MAX = 50;

/** Description of a deployment status (GitHub's limit, characters). */
export const DEPLOYMENT_DESCRIPTION_CHARACTERS_MAX = 140;

/** What we quote of a message that GitHub sent (characters). */
export const QUOTED_MESSAGE_CHARACTERS_MAX = 300;

/** GitHub: "If the response has no retry-after header, wait at least one minute." */
export const LIMIT_WAIT_MS = 60_000;

/** The longest wait for a primary limit: its window is an hour. */
export const LIMIT_WAIT_MS_MAX = 60 * 60_000;

/** After a 5xx, a cut connection or a timeout. Most outages of GitHub's API are shorter than a minute. */
export const OUTAGE_WAIT_MS = 5_000;

/** How long we believe that an installation has its id. A new installation gets a new one. */
export const INSTALLATION_CACHE_MS = 10 * 60_000;
