import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Place } from '../../src/config/config-path.ts';

const homes: string[] = [];

/** A home directory of nobody, on any platform, with what that platform's environment says of it. */
export function makePlace(platform: NodeJS.Platform, env: Record<string, string> = {}): Place {
  const home = mkdtempSync(join(tmpdir(), 'connect-home-'));
  homes.push(home);
  const windows = { APPDATA: join(home, 'AppData', 'Roaming'), LOCALAPPDATA: join(home, 'AppData', 'Local') };
  return { env: { ...(platform === 'win32' && windows), PATH: '', ...env }, platform, home };
}

/** For `afterEach`. */
export function removeHomes(): void {
  for (const home of homes.splice(0)) rmSync(home, { recursive: true, force: true });
}
