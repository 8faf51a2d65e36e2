/**
 * Hidden marks by which a retry finds what an earlier try made: the sticky comment, a reply, a deployment pull request.
 */

/** First line of the sticky comment of a server. */
export function statusCommentMarker(serverId: string): string {
  return `<!-- mcp-hosting:server=${markerValue(serverId)} -->`;
}

/** First line of a reply that is posted once: refusal, help. `key` says what it replies to, such as a comment's id. */
export function replyMarker(key: string): string {
  return `<!-- mcp-hosting:reply=${markerValue(key)} -->`;
}

/** Last line of a deployment pull request's body. */
export function rolloutMarker(rolloutId: string): string {
  return `<!-- mcp-hosting:rollout=${markerValue(rolloutId)} -->`;
}

/** First line of the comment about a pull request's manifests: one a pull request. */
export const MANIFESTS_MARKER = '<!-- mcp-hosting:manifests -->';

/** First line of the issue that lists drift: one a deployments repository. */
export const DRIFT_MARKER = '<!-- mcp-hosting:drift -->';

/** The rollout that a deployment pull request's body names on its last line; undefined where a person removed it. */
export function parseRolloutMarker(body: string): string | undefined {
  const lastLine = body.trimEnd().split('\n').at(-1) ?? '';
  return /^<!-- mcp-hosting:rollout=([A-Za-z0-9._:/-]{1,100}) -->$/.exec(lastLine.trim())?.[1];
}

/** A marker is one line and its value cannot end the HTML comment: `--` and `>` never pass. */
function markerValue(value: string): string {
  return value
    .replace(/[^A-Za-z0-9._:/-]/g, '')
    .replace(/-{2,}/g, '-')
    .slice(0, 100);
}
