import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import type { AppRights } from './domain/doctor/diagnose-app.ts';

/** What `app.yml` asks of GitHub. */
export function readAppManifest(): AppRights {
  const manifest = parse(readFileSync(new URL('../app.yml', import.meta.url), 'utf8'));
  return { permissions: manifest.default_permissions, events: manifest.default_events };
}
