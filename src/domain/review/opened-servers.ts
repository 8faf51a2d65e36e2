import type { Manifest } from '../read-manifests.ts';
import type { ReviewedFolder } from './review-manifests.ts';

/** By these the wrapper asks for a key or a token; without one of them it lets everybody in. */
const DOORS = ['MCP_WRAPPER_KEYS_FILE', 'MCP_WRAPPER_KEY_SHA256', 'MCP_WRAPPER_OAUTH_ISSUER'];

/** Folders of the servers that everybody may use once this is merged, and not before. */
export function openedServers(folders: readonly ReviewedFolder[]): string[] {
  return folders.filter(({ before = [], after = [] }) => isOpen(after) && !isOpen(before)).map(({ path }) => path);
}

function isOpen(manifests: readonly Manifest[]): boolean {
  return manifests.some((manifest) => manifest.kind === 'Deployment' && !hasDoor(manifest));
}

function hasDoor(manifest: Manifest): boolean {
  const { spec } = manifest as {
    spec?: { template?: { spec?: { containers?: { env?: { name?: string; value?: string }[] }[] } } };
  };
  const variables = (spec?.template?.spec?.containers ?? []).flatMap(({ env = [] }) => env);
  return variables.some(({ name = '', value }) => DOORS.includes(name) && value !== undefined && value !== '');
}
