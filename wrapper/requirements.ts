/**
 * What the specification asks of whoever stands between an HTTP client and a stdio server, one line a rule. Each line is
 * cited by a test through `verifies('id', …)`; `test/requirements.test.ts` fails for one that is not.
 *
 * Left out: what the content of the child's results alone decides, what is asked of the client alone, and rules about
 * features that the wrapper does not have (an authorization server, consent pages).
 */
export interface Requirement {
  id: string;
  level: 'MUST' | 'SHOULD';
  /** Clients of which revisions it concerns: up to 2025-11-25, from 2026-07-28 on, or all. */
  era: 'legacy' | 'modern' | 'both';
  /** Revision and page, under https://modelcontextprotocol.io/specification/. */
  section: string;
  text: string;
}

const HTTP = '2026-07-28 basic/transports/streamable-http';
const STDIO = '2026-07-28 basic/transports/stdio';
const BASE = '2026-07-28 basic/index';
const LISTEN = '2026-07-28 basic/patterns/subscriptions';
const MRTR = '2026-07-28 basic/patterns/mrtr';
const AUTH = '2026-07-28 basic/authorization/index';
const LEGACY_HTTP = '2025-11-25 basic/transports';
const LEGACY_LIFE = '2025-11-25 basic/lifecycle';
const SECURITY = '2026-07-28 tutorials/security/security_best_practices';

type Line<Id extends string> = readonly [Id, Requirement['level'], Requirement['era'], section: string, text: string];

function lines<const Id extends string>(...all: Line<Id>[]): (Requirement & { id: Id })[] {
  return all.map(([id, level, era, section, text]) => ({ id, level, era, section, text }));
}

// biome-ignore format: a table, one line a rule
export const REQUIREMENTS = lines(
  // Endpoint and door
  ['http-one-endpoint', 'MUST', 'both', HTTP, 'One path takes POST for every message of both eras.'],
  ['http-origin-403', 'MUST', 'both', `${HTTP}#security--endpoint`, 'A present and invalid Origin is answered with 403.'],
  ['http-bind-localhost', 'SHOULD', 'both', `${HTTP}#security--endpoint`, 'On loopback only local host names are served.'],
  ['http-authentication', 'SHOULD', 'both', `${HTTP}#security--endpoint`, 'Connections can be asked to authenticate.'],
  ['http-notification-202', 'MUST', 'both', `${HTTP}#sending-messages`, 'An accepted notification is answered with 202 and no body.'],
  ['http-notification-refused', 'MUST', 'both', `${HTTP}#sending-messages`, 'A notification that cannot be accepted is answered with an HTTP error status.'],
  ['http-answer-type', 'MUST', 'both', `${HTTP}#sending-messages`, 'A request is answered as application/json or as text/event-stream.'],
  ['http-one-message', 'MUST', 'modern', `${HTTP}#sending-messages`, 'The body is a single request or notification, neither a batch nor a response.'],

  // Answers of modern requests
  ['http-stream-relates', 'MUST', 'modern', `${HTTP}#receiving-messages`, 'Notifications on a response stream relate to its own request.'],
  ['http-no-requests', 'MUST', 'modern', `${HTTP}#receiving-messages`, 'No request of the server is sent on any stream.'],
  ['http-response-ends-stream', 'SHOULD', 'both', `${HTTP}#receiving-messages`, 'The final response ends the stream.'],
  ['http-no-buffering', 'SHOULD', 'both', `${HTTP}#receiving-messages`, 'Event streams carry X-Accel-Buffering: no.'],
  ['http-keep-alive', 'SHOULD', 'both', `${HTTP}#receiving-messages`, 'Silent streams carry comments.'],
  ['http-disconnect-cancels', 'MUST', 'modern', `${HTTP}#cancellation`, 'Closing the response stream cancels the request in the server.'],
  ['http-silent-after-cancel', 'MUST', 'modern', `${HTTP}#cancellation`, 'After a cancellation no further message is sent for the request.'],

  // Request headers
  ['header-version-required', 'MUST', 'modern', `${HTTP}#protocol-version-header`, 'A request without MCP-Protocol-Version is refused with 400 and -32020.'],
  ['header-version-match', 'MUST', 'modern', `${HTTP}#protocol-version-header`, 'MCP-Protocol-Version other than the version in _meta is refused with 400 and -32020.'],
  ['header-method-required', 'MUST', 'modern', `${HTTP}#standard-request-headers`, 'A request without Mcp-Method is refused with 400 and -32020.'],
  ['header-method-match', 'MUST', 'modern', `${HTTP}#server-validation`, 'Mcp-Method other than the method is refused with 400 and -32020.'],
  ['header-name-required', 'MUST', 'modern', `${HTTP}#standard-request-headers`, 'tools/call, prompts/get and resources/read without Mcp-Name are refused with 400 and -32020.'],
  ['header-name-match', 'MUST', 'modern', `${HTTP}#server-validation`, 'Mcp-Name other than params.name or params.uri is refused with 400 and -32020.'],
  ['header-base64', 'MUST', 'modern', `${HTTP}#value-encoding`, 'Header values in the Base64 sentinel form are decoded before they are compared.'],
  ['header-base64-invalid', 'MUST', 'modern', `${HTTP}#server-behavior-for-custom-headers`, 'A header value with invalid characters or invalid Base64 is refused.'],
  ['header-param-match', 'MUST', 'modern', `${HTTP}#server-behavior-for-custom-headers`, 'Mcp-Param headers of arguments marked x-mcp-header must be there and match.'],
  ['header-param-absent', 'MUST', 'modern', `${HTTP}#server-behavior-for-custom-headers`, 'No Mcp-Param header is expected for an argument that is null or absent.'],
  ['header-param-unknown', 'MUST', 'modern', `${HTTP}#server-behavior-for-custom-headers`, 'An unknown Mcp-Param header is ignored.'],
  ['header-integer-compare', 'SHOULD', 'modern', `${HTTP}#server-validation`, 'Integer arguments are compared with their header as numbers.'],
  ['header-name-case', 'MUST', 'both', `${HTTP}#case-sensitivity`, 'Header names are compared without regard to case, their values with it.'],

  // Versions and eras
  ['version-unsupported', 'MUST', 'modern', '2026-07-28 basic/versioning#protocol-version-negotiation', 'An unknown version is answered with 400, -32022, the versions supported and the one requested.'],
  ['version-both-eras', 'MUST', 'both', '2026-07-28 basic/versioning#compatibility-matrix', 'A modern _meta is served statelessly, initialize opens a legacy session, on one endpoint at once.'],
  ['discover-implemented', 'MUST', 'modern', '2026-07-28 server/discover', 'server/discover gives supportedVersions and capabilities, whatever the era of the child.'],
  ['discover-capabilities', 'MUST', 'modern', '2026-07-28 server/tools#capabilities', 'Capabilities in server/discover are those that requests are served by.'],
  ['method-not-found-404', 'MUST', 'modern', `${HTTP}#protocol-version-header`, 'An unknown method is answered with 404 and -32601.'],
  ['method-removed-404', 'MUST', 'modern', `${HTTP}#protocol-version-header`, 'Methods of former revisions are unknown to modern requests.'],

  // Metadata
  ['meta-required', 'MUST', 'modern', `${BASE}#_meta`, 'Without protocolVersion or clientCapabilities in _meta: 400 and -32602.'],
  ['meta-client-info-optional', 'MUST', 'modern', `${BASE}#_meta`, 'A request without clientInfo is served.'],
  ['meta-missing-capability', 'MUST', 'modern', `${BASE}#_meta`, 'What needs a capability that the client did not declare: 400, -32021 and requiredCapabilities.'],
  ['meta-server-info', 'SHOULD', 'modern', `${BASE}#_meta`, 'Every result names the server in its _meta.'],
  ['meta-stateless', 'MUST', 'modern', `${BASE}#statelessness`, 'Nothing of a request is taken from an earlier one.'],
  ['meta-trace-context', 'SHOULD', 'both', `${BASE}#_meta`, 'Trace context of the request reaches the child in _meta.'],
  ['meta-log-level', 'MUST', 'modern', '2026-07-28 server/utilities/logging#per-request-log-level', 'No log message without logLevel in _meta, nor one below it.'],
  ['meta-log-level-invalid', 'SHOULD', 'modern', '2026-07-28 server/utilities/logging#error-handling', 'An unknown logLevel is refused with -32602.'],

  // JSON-RPC
  ['rpc-id-echoed', 'MUST', 'both', `${BASE}#responses`, 'Results and errors carry the id of their request, unchanged.'],
  ['rpc-id-valid', 'MUST', 'both', `${BASE}#requests`, 'A request with the id null or of another type is refused.'],
  ['rpc-unique-ids', 'MUST', 'both', `${BASE}#requests`, 'Requests of all clients reach the child with ids of their own.'],
  ['rpc-result-type', 'MUST', 'modern', `${BASE}#result-responses`, 'Every result has a resultType.'],
  ['rpc-error-shape', 'MUST', 'both', `${BASE}#error-responses`, 'Errors have an integer code and a message.'],
  ['rpc-error-codes', 'MUST', 'modern', `${BASE}#error-codes`, 'No reserved code but the defined ones; -32002 and -32042 become -32602.'],
  ['rpc-no-answer-to-notification', 'MUST', 'both', `${BASE}#notifications`, 'A notification gets no response.'],
  ['rpc-utf8', 'MUST', 'both', '2026-07-28 basic/transports/index#messages', 'Messages are UTF-8, whatever pieces they come in.'],
  ['resource-not-found', 'MUST', 'modern', '2026-07-28 server/resources#error-handling', 'An unknown resource is -32602 with its URI.'],

  // Caching
  ['cache-hints', 'MUST', 'modern', '2026-07-28 server/utilities/caching#cacheable-results', 'Lists, reads and discover carry ttlMs and cacheScope.'],
  ['cache-ttl-not-negative', 'MUST', 'modern', '2026-07-28 server/utilities/caching#time-to-live-ttl-field', 'ttlMs is not negative.'],
  ['cache-scope-private', 'MUST', 'modern', '2026-07-28 server/utilities/caching#security-considerations', 'What a child did not call public is private.'],

  // Subscriptions
  ['listen-ack-first', 'MUST', 'modern', `${LISTEN}#acknowledgment`, 'The acknowledgment is the first message of a subscription.'],
  ['listen-ack-subset', 'MUST', 'modern', `${LISTEN}#acknowledgment`, 'The acknowledgment lists what of the filter is honoured.'],
  ['listen-filter', 'MUST', 'modern', `${LISTEN}#opening-a-stream`, 'Only notifications that were asked for are sent.'],
  ['listen-subscription-id', 'MUST', 'modern', `${LISTEN}#receiving-notifications`, 'Every message carries the id of the listen request as subscriptionId.'],
  ['listen-resource-updates', 'MUST', 'modern', `${LISTEN}#notification-filter`, 'Updates of the resources in the filter come, of others do not.'],
  ['listen-many', 'MUST', 'modern', `${LISTEN}#multiple-concurrent-subscriptions`, 'Subscriptions at once are independent, also with equal ids.'],
  ['listen-graceful-end', 'SHOULD', 'modern', `${LISTEN}#graceful-closure`, 'A subscription that the server ends gets a result first.'],
  ['listen-restored', 'SHOULD', 'modern', `${STDIO}#unexpected-termination`, 'Subscriptions outlive the child.'],

  // Multi round-trip requests
  ['mrtr-input-required', 'MUST', 'modern', `${MRTR}#server-requirements-basic-workflow`, 'Requests of the child become inputRequests of an input_required result, with unique keys.'],
  ['mrtr-resumes', 'MUST', 'modern', `${MRTR}#server-requirements-basic-workflow`, 'The retry with inputResponses goes on where the call waited.'],
  ['mrtr-supported-requests', 'MUST', 'modern', `${MRTR}#supported-requests`, 'Only tools/call, prompts/get and resources/read are answered with input_required.'],
  ['mrtr-undeclared', 'MUST', 'modern', `${MRTR}#server-requirements-basic-workflow`, 'No input request for a capability that the client did not declare.'],
  ['mrtr-state-integrity', 'MUST', 'modern', `${MRTR}#server-requirements-basic-workflow`, 'A requestState that was changed is refused.'],
  ['mrtr-state-principal', 'SHOULD', 'modern', `${MRTR}#server-requirements-basic-workflow`, 'A requestState of another principal is refused.'],
  ['mrtr-state-expiry', 'SHOULD', 'modern', `${MRTR}#server-requirements-basic-workflow`, 'A requestState is good for a limited time.'],
  ['mrtr-state-request', 'SHOULD', 'modern', `${MRTR}#server-requirements-basic-workflow`, 'A requestState is refused on another request than its own.'],
  ['mrtr-abandoned', 'MUST', 'modern', `${MRTR}#server-requirements-basic-workflow`, 'A call whose client never comes back is ended.'],
  ['mrtr-invalid-responses', 'SHOULD', 'modern', `${MRTR}#error-handling`, 'inputResponses of a wrong shape are refused.'],
  ['mrtr-extra-ignored', 'SHOULD', 'modern', `${MRTR}#error-handling`, 'Responses that were not asked for are ignored.'],
  ['mrtr-missing-asked-again', 'SHOULD', 'modern', `${MRTR}#error-handling`, 'Responses that are missing are asked for again.'],

  // Progress, cancellation, time
  ['progress-token', 'MUST', 'both', '2026-07-28 basic/patterns/progress#behavior-requirements', 'Progress carries the token of its request and goes to that request only.'],
  ['progress-stops', 'MUST', 'both', '2026-07-28 basic/patterns/progress#implementation-notes', 'No progress after the response.'],
  ['cancel-known-only', 'MUST', 'both', '2026-07-28 basic/patterns/cancellation#behavior-requirements', 'The child is told only of requests it has, by the ids it knows.'],
  ['cancel-invalid-ignored', 'SHOULD', 'both', '2026-07-28 basic/patterns/cancellation#error-handling', 'Cancellations of unknown or finished requests do nothing.'],
  ['cancel-late-response', 'SHOULD', 'both', '2026-07-28 basic/patterns/cancellation#behavior-requirements', 'A response that comes after the cancellation is dropped.'],
  ['timeout-cancels', 'SHOULD', 'both', '2026-07-28 basic/patterns/cancellation#timeouts', 'A request that takes too long is cancelled in the child and answered with an error.'],

  // The child
  ['stdio-no-newlines', 'MUST', 'both', STDIO, 'Each message to the child is one line.'],
  ['stdio-valid-only', 'MUST', 'both', STDIO, 'Nothing but valid messages is written to the child.'],
  ['stdio-no-responses', 'MUST', 'both', `${STDIO}#sending-messages`, 'No response is written to a modern child.'],
  ['stdio-stderr-free', 'SHOULD', 'both', STDIO, 'stderr of the child is not taken for failure.'],
  ['stdio-cancel', 'MUST', 'both', `${STDIO}#cancellation`, 'What is cancelled is cancelled in the child by notifications/cancelled.'],
  ['stdio-shutdown', 'SHOULD', 'both', `${STDIO}#shutdown`, 'The child is ended by EOF, then SIGTERM, then SIGKILL.'],
  ['stdio-restart', 'SHOULD', 'both', `${STDIO}#unexpected-termination`, 'A child that exits is started again.'],
  ['stdio-probe', 'SHOULD', 'both', `${STDIO}#backward-compatibility`, 'The era of the child is found by server/discover.'],
  ['stdio-probe-fallback', 'MUST', 'both', `${STDIO}#backward-compatibility`, 'Any other error, silence or exit after the probe means a legacy child.'],

  // Legacy sessions
  ['legacy-initialize-version', 'MUST', 'legacy', `${LEGACY_LIFE}#version-negotiation`, 'initialize is answered with the version asked for, or else one that is supported.'],
  ['legacy-initialized-first', 'MUST', 'legacy', `${LEGACY_LIFE}#initialization`, 'The child gets initialize, then notifications/initialized, before anything but the probe.'],
  ['legacy-capabilities', 'MUST', 'legacy', `${LEGACY_LIFE}#operation`, 'Only capabilities that both sides have are used.'],
  ['legacy-session-id', 'MUST', 'legacy', `${LEGACY_HTTP}#session-management`, 'Session ids are visible ASCII.'],
  ['legacy-session-id-random', 'SHOULD', 'legacy', `${LEGACY_HTTP}#session-management`, 'Session ids are unique and not to be guessed.'],
  ['legacy-session-404', 'MUST', 'legacy', `${LEGACY_HTTP}#session-management`, 'A session that ended is answered with 404.'],
  ['legacy-version-400', 'MUST', 'legacy', `${LEGACY_HTTP}#protocol-version-header`, 'An unsupported MCP-Protocol-Version is answered with 400.'],
  ['legacy-version-absent', 'SHOULD', 'legacy', `${LEGACY_HTTP}#protocol-version-header`, 'Without the header the negotiated version or 2025-03-26 is taken.'],
  ['legacy-get-stream', 'MUST', 'legacy', `${LEGACY_HTTP}#listening-for-messages-from-the-server`, 'GET opens an event stream or is answered with 405.'],
  ['legacy-get-no-response', 'MUST', 'legacy', `${LEGACY_HTTP}#listening-for-messages-from-the-server`, 'No response comes on the GET stream unless it resumes another.'],
  ['legacy-one-stream', 'MUST', 'legacy', `${LEGACY_HTTP}#multiple-connections`, 'Each message goes to one stream only.'],
  ['legacy-requests-relate', 'SHOULD', 'legacy', `${LEGACY_HTTP}#sending-messages-to-the-server`, 'Requests of the child go to the client whose call they belong to, and its answer back.'],
  ['legacy-disconnect-no-cancel', 'SHOULD', 'legacy', `${LEGACY_HTTP}#sending-messages-to-the-server`, 'A lost connection does not cancel a request.'],
  ['legacy-prime', 'SHOULD', 'legacy', `${LEGACY_HTTP}#sending-messages-to-the-server`, 'A stream begins with an event id and empty data.'],
  ['legacy-retry', 'SHOULD', 'legacy', `${LEGACY_HTTP}#sending-messages-to-the-server`, 'Before the server closes a connection early it sends retry.'],
  ['legacy-event-id-unique', 'MUST', 'legacy', `${LEGACY_HTTP}#resumability-and-redelivery`, 'Event ids are unique in all streams of a session.'],
  ['legacy-resume-own-stream', 'MUST', 'legacy', `${LEGACY_HTTP}#resumability-and-redelivery`, 'Last-Event-ID replays messages of its own stream only.'],
  ['legacy-ping', 'MUST', 'legacy', '2025-11-25 basic/utilities/ping', 'ping is answered promptly with an empty result, in both directions.'],

  // Authorization and security
  ['auth-401', 'MUST', 'both', `${AUTH}#error-handling`, 'A missing, invalid or expired token is answered with 401.'],
  ['auth-403-scope', 'SHOULD', 'both', `${AUTH}#runtime-insufficient-scope-errors`, 'A token with too little scope is answered with 403, insufficient_scope and the scopes needed.'],
  ['auth-audience', 'MUST', 'both', `${AUTH}#token-handling`, 'Only tokens issued for this server are accepted.'],
  ['auth-metadata', 'MUST', 'both', '2026-07-28 basic/authorization/authorization-server-discovery', 'Protected resource metadata names the authorization servers.'],
  ['auth-metadata-found', 'MUST', 'both', '2026-07-28 basic/authorization/authorization-server-discovery', 'The metadata is found by WWW-Authenticate or the well-known path.'],
  ['auth-scope-challenge', 'SHOULD', 'both', `${AUTH}#scope-selection-strategy`, 'The 401 names the scopes.'],
  ['auth-scope-hierarchy', 'MUST', 'both', `${AUTH}#step-up-authorization-flow`, 'A broader scope implies the narrower ones.'],
  ['auth-no-offline-access', 'SHOULD', 'both', `${AUTH}#refresh-tokens`, 'offline_access is in no challenge and no metadata.'],
  ['auth-not-in-query', 'MUST', 'both', `${AUTH}#token-requirements`, 'A token in the query is not accepted.'],
  ['auth-no-passthrough', 'MUST', 'both', `${AUTH}#token-handling`, 'The token does not reach the child.'],
  ['auth-every-request', 'MUST', 'both', `${SECURITY}#session-hijacking`, 'Every request is authorized; a session or a state is no authentication.'],
  ['auth-session-bound', 'SHOULD', 'both', `${SECURITY}#session-hijacking`, 'Sessions belong to the principal who opened them.'],

  // Custom transport
  ['websocket-json-rpc', 'MUST', 'both', '2026-07-28 basic/transports/index#custom-transports', 'WebSocket keeps the message format and the patterns.'],
  ['websocket-documented', 'SHOULD', 'both', '2026-07-28 basic/transports/index#custom-transports', 'The WebSocket transport is documented: connection, framing, cancellation.'],
);

export type RequirementId = (typeof REQUIREMENTS)[number]['id'];
