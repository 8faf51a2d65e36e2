import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const CONNECT_DIR = new URL('../../connect/', import.meta.url);

/**
 * argv that starts the mcp-connect which came with this checkout, so that a client's configuration works on this machine
 * as it is pasted. @returns undefined where it was not built: then it is taken from npm.
 */
export function connectLauncher(): readonly string[] | undefined {
  const manifest = new URL('package.json', CONNECT_DIR);
  if (!existsSync(manifest)) return undefined;
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8')) as { bin?: Record<string, string> };
  const program = bin?.['mcp-connect'];
  if (!program) return undefined;
  const built = existsSync(new URL('dist/main.cjs', CONNECT_DIR));
  return built ? [process.execPath, fileURLToPath(new URL(program, CONNECT_DIR))] : undefined;
}
