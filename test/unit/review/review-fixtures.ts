import type { OverlayInput } from '../../../src/domain/overlay-input.ts';
import { renderOverlay } from '../../../src/domain/render-overlay.ts';
import type { OverlayEntry } from '../../../src/domain/review/overlay-entry.ts';
import { type FolderSides, type ReviewInput, reviewManifests } from '../../../src/domain/review/review-manifests.ts';
import { touchedPaths } from '../../../src/domain/review/touched-paths.ts';
import { MINIMAL_OVERLAY } from '../domain/overlay-cases.ts';

export type Files = Readonly<Record<string, string>>;

export const GATEWAY: OverlayInput['route'] = {
  kind: 'gateway',
  gatewayName: 'mcp-servers',
  gatewayNamespace: 'mcp-gateway',
};

export const SERVER = MINIMAL_OVERLAY.serverId;

/** An overlay that the bot writes for a Gateway. */
export const OVERLAY: Files = renderOverlay({
  ...MINIMAL_OVERLAY,
  route: GATEWAY,
  config: { ...MINIMAL_OVERLAY.config, env: ['STRIPE_API_KEY'] },
});

export function texts(files: Files): OverlayEntry[] {
  return Object.entries(files).map(([name, text]) => ({ name, kind: 'text', text }));
}

/** A review of one server's folder: what it was, and what it is to be. */
export function inputOf(
  sides: { base?: readonly OverlayEntry[]; head: readonly OverlayEntry[] },
  more: Partial<ReviewInput> & { serverId?: string; route?: OverlayInput['route'] } = {},
): ReviewInput {
  const { serverId = SERVER, route = GATEWAY, ...rest } = more;
  const { base = [], head } = sides;
  const names = new Set([...base, ...head].map(({ name }) => name));
  const changedPaths = [...names].map((name) => `servers/${serverId}/${name}`);
  const servers = new Map<string, FolderSides>([[serverId, { base, head }]]);
  return {
    settings: {
      namespace: 'mcp-servers',
      route,
      hostOf: (id) => `${id}.mcp.example.com`,
      ownDomain: 'mcp.example.com',
    },
    touched: touchedPaths({ all: changedPaths, removed: [] }),
    changedPaths,
    servers,
    policy: { base: null, head: null },
    limitRangeText: null,
    resourceQuotaText: null,
    imagesOf: (id) => [`ghcr.io/acme/mcp-servers/${id}`],
    claims: [],
    ...rest,
  };
}

/** What the check says of a new server with these files, one line a problem. */
export function verdict(files: Files, more: Parameters<typeof inputOf>[1] = {}): string[] {
  return told(inputOf({ head: texts(files) }, more));
}

export function told(input: ReviewInput): string[] {
  return reviewManifests(input).problems.map(({ path, line, level, message }) => `${level} ${path}:${line} ${message}`);
}
