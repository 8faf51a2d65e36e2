/**
 * What the specification asks of whoever stands between a stdio client and an HTTP server, one line a rule. Each line is
 * cited by a test through `verifies('id', …)`; `test/requirements.test.ts` fails for one that is not. What the
 * conformance suite's client scenarios check is cited where they are run.
 *
 * Left out: what the local client alone decides, and authorization, which `test/auth` has of its own.
 */
export interface Requirement {
  id: string;
  level: 'MUST' | 'SHOULD';
  /** Servers of which revisions it concerns: up to 2025-11-25, from 2026-07-28 on, or all. */
  era: 'legacy' | 'modern' | 'both';
  /** Revision and page, under https://modelcontextprotocol.io/specification/. */
  section: string;
  text: string;
}

const HTTP = '2026-07-28 basic/transports/streamable-http';
const STDIO = '2026-07-28 basic/transports/stdio';
const VERSIONING = '2026-07-28 basic/versioning';
const LISTEN = '2026-07-28 basic/patterns/subscriptions';
const MRTR = '2026-07-28 basic/patterns/mrtr';
const LEGACY_HTTP = '2025-11-25 basic/transports';
const LEGACY_UTILITIES = '2025-11-25 basic/utilities';

type Line<Id extends string> = readonly [Id, Requirement['level'], Requirement['era'], section: string, text: string];

function lines<const Id extends string>(...all: Line<Id>[]): (Requirement & { id: Id })[] {
  return all.map(([id, level, era, section, text]) => ({ id, level, era, section, text }));
}

// biome-ignore format: a table, one line a rule
export const REQUIREMENTS = lines(
  // Towards the local client
  ['stdio-only-messages', 'MUST', 'both', STDIO, 'Nothing but messages is written to stdout, one a line.'],
  ['stdio-ends-with-input', 'SHOULD', 'both', STDIO, 'The end of stdin or a signal ends the process.'],
  ['stdio-cancel', 'MUST', 'both', STDIO, 'notifications/cancelled of the client cancels its request at the server.'],
  ['cancel-no-answer', 'SHOULD', 'both', `${LEGACY_UTILITIES}/cancellation`, 'A cancelled request gets no answer.'],
  ['progress-increases', 'MUST', 'both', `${LEGACY_UTILITIES}/progress`, 'Progress increases, also where signs of life came before that of the server.'],

  // Requests
  ['http-accept', 'MUST', 'both', `${HTTP}#sending-messages`, 'POST accepts application/json and text/event-stream.'],
  ['http-both-answers', 'MUST', 'both', `${HTTP}#sending-messages`, 'Answers of either type are read.'],
  ['http-ignore-comments', 'MUST', 'both', `${HTTP}#receiving-messages`, 'Comments of a stream are ignored.'],
  ['http-no-responses', 'MUST', 'modern', `${HTTP}#sending-messages`, 'No response is sent to a modern server.'],
  ['http-cancel-closes', 'MUST', 'modern', `${HTTP}#cancellation`, 'A cancelled request is cancelled by closing its stream.'],
  ['header-version', 'MUST', 'both', `${HTTP}#protocol-version-header`, 'MCP-Protocol-Version is on every request after the version is known.'],
  ['header-standard', 'MUST', 'modern', `${HTTP}#standard-request-headers`, 'Mcp-Method and Mcp-Name mirror the body.'],
  ['header-params', 'MUST', 'modern', `${HTTP}#client-behavior`, 'Annotated arguments are mirrored in Mcp-Param headers, absent and null ones are not.'],
  ['header-encoding', 'MUST', 'modern', `${HTTP}#value-encoding`, 'Values that are not plain ASCII, or look encoded, are encoded.'],
  ['header-invalid-tools', 'MUST', 'modern', `${HTTP}#schema-extension`, 'Tools with an invalid x-mcp-header are left out of tools/list.'],
  ['header-invalid-warned', 'SHOULD', 'modern', `${HTTP}#schema-extension`, 'A warning names the tool left out and the reason.'],
  ['header-mismatch-retry', 'SHOULD', 'modern', `${HTTP}#client-behavior`, 'After HeaderMismatch the tools are listed and the call is sent again.'],
  ['meta-per-request', 'MUST', 'modern', '2026-07-28 basic/index#_meta', 'Every request carries version and capabilities.'],

  // Eras
  ['era-modern-error', 'MUST', 'modern', `${HTTP}#backward-compatibility`, 'An error that modern servers send is no reason to fall back.'],
  ['era-fall-back', 'SHOULD', 'both', `${HTTP}#backward-compatibility`, 'Any other refusal of a modern request leads to initialize.'],
  ['era-cached', 'SHOULD', 'both', `${VERSIONING}#backward-compatibility-with-initialization-based-versions`, 'The era is remembered, and asked again when it turns out wrong.'],
  ['version-retry', 'SHOULD', 'modern', `${VERSIONING}#protocol-version-negotiation`, 'After an unsupported version a supported one is tried.'],

  // MRTR and subscriptions
  ['mrtr-echo-state', 'MUST', 'modern', `${MRTR}#client-requirements-basic-workflow`, 'requestState is echoed exactly, and left out when there was none.'],
  ['mrtr-new-id', 'MUST', 'modern', `${MRTR}#client-requirements-basic-workflow`, 'The retry has another id.'],
  ['mrtr-isolated', 'MUST', 'modern', `${MRTR}#client-requirements-basic-workflow`, 'inputResponses and requestState go to no other request.'],
  ['mrtr-emulated', 'MUST', 'legacy', MRTR, 'What a legacy server asks reaches a modern client as input_required, and its answer the server.'],
  ['listen-for-legacy', 'MUST', 'modern', LISTEN, 'A legacy client gets list changes and resource updates of a modern server.'],
  ['listen-emulated', 'MUST', 'legacy', LISTEN, 'subscriptions/listen of a modern client is acknowledged first and served with the notifications of a legacy server.'],
  ['listen-id', 'MUST', 'both', LISTEN, 'Notifications carry the id of the client\'s own listen request.'],

  // Sessions
  ['session-id-sent', 'MUST', 'legacy', `${LEGACY_HTTP}#session-management`, 'The session id is on every request after initialize.'],
  ['session-renewed', 'MUST', 'legacy', `${LEGACY_HTTP}#session-management`, 'After 404 a new session is opened by initialize without an id.'],
  ['session-ended', 'SHOULD', 'legacy', `${LEGACY_HTTP}#session-management`, 'A session that is not needed any more is ended by DELETE.'],
  ['resume-last-event', 'SHOULD', 'legacy', `${LEGACY_HTTP}#resumability-and-redelivery`, 'A stream that was cut is gone on with by Last-Event-ID.'],
  ['resume-retry', 'MUST', 'legacy', `${LEGACY_HTTP}#sending-messages-to-the-server`, 'retry is respected.'],
  ['ping-answered', 'MUST', 'legacy', `${LEGACY_UTILITIES}/ping`, 'A ping of the server is answered.'],
);

export type RequirementId = (typeof REQUIREMENTS)[number]['id'];
