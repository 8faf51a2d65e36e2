import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * The peers are no dependencies of the repository: whoever does not measure need not have them. They are installed from
 * a lock file of their own, without running their scripts, when they are not there in the version asked for.
 * @throws Error with npm's own words
 */
export function installPeers({ progress }: { progress: (line: string) => void }): void {
  if (isInstalled()) return;
  progress('Installing the peers into bench/node_modules (npm ci, once)');
  const npm = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: import.meta.dirname,
    encoding: 'utf8',
  });
  if (npm.status !== 0) throw new Error(`Cannot install the peers: ${npm.stderr || npm.error?.message}`);
}

function isInstalled(): boolean {
  const { dependencies } = readPackage('.') as { dependencies: Record<string, string> };
  return Object.entries(dependencies).every(([name, version]) => {
    const directory = join('node_modules', name);
    if (!existsSync(join(import.meta.dirname, directory))) return false;
    return (readPackage(directory) as { version: string }).version === version;
  });
}

function readPackage(directory: string): unknown {
  return JSON.parse(readFileSync(join(import.meta.dirname, directory, 'package.json'), 'utf8'));
}
