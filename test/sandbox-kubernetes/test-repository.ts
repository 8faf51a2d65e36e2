import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

export interface TestRepository {
  url: string;
  /** Writes the files (undefined removes one) and pushes them. @returns the commit */
  push(files: Record<string, string | undefined>): string;
  /** Pushes a symbolic link. */
  link(path: string, target: string): void;
}

/** A real bare repository, and a clone to push from. */
export function createTestRepository(dir: string): TestRepository {
  const home = mkdtempSync(join(dir, 'repository-'));
  const bare = join(home, 'deployments.git');
  const clone = join(home, 'clone');
  const git = (...args: string[]) => execFileSync('git', args, { cwd: home, encoding: 'utf8', stdio: 'pipe' });
  git('init', '--quiet', '--bare', '--initial-branch=main', bare);
  git('clone', '--quiet', bare, clone);
  const inClone = (...args: string[]) =>
    git('-C', clone, '-c', 'user.name=Test', '-c', 'user.email=test@example.com', ...args).trim();
  const commit = () => {
    inClone('add', '--all');
    inClone('commit', '--quiet', '--allow-empty', '-m', 'Change');
    inClone('push', '--quiet', 'origin', 'HEAD:main');
    return inClone('rev-parse', 'HEAD');
  };
  return {
    url: pathToFileURL(bare).href,
    link(path, target) {
      mkdirSync(dirname(join(clone, path)), { recursive: true });
      symlinkSync(target, join(clone, path));
      commit();
    },
    push(files) {
      for (const [path, content] of Object.entries(files)) {
        const target = join(clone, path);
        mkdirSync(dirname(target), { recursive: true });
        if (content === undefined) rmSync(target, { recursive: true });
        else writeFileSync(target, content);
      }
      return commit();
    },
  };
}
