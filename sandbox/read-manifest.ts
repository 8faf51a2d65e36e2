import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

/** What `app.yml` asks of GitHub, so that a permission or an event it lacks is missing in the sandbox too. */
export function readManifest(): { permissions: Record<string, 'read' | 'write'>; events: string[] } {
  const manifest = parse(readFileSync(new URL('../app.yml', import.meta.url), 'utf8'));
  return { permissions: manifest.default_permissions, events: manifest.default_events };
}
