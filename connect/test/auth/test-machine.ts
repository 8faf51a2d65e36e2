import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { SignInSettings } from '../../src/auth/credentials.ts';
import type { Person } from './fake-browser.ts';

const FAKE_BROWSER = fileURLToPath(new URL('./fake-browser.ts', import.meta.url));

export interface TestMachine {
  directory: string;
  stateDirectory: string;
  env: Record<string, string>;
  log: string[];
  settings(overrides?: Partial<SignInSettings>): SignInSettings;
  /** The URLs the browser was opened with. */
  tabs(): Promise<string[]>;
  /** What the browser has shown, as soon as it shows something. */
  pages(): Promise<string>;
  /** All stored files of a kind, as values. */
  // biome-ignore lint/suspicious/noExplicitAny: files have any shape
  stored(kind: string): Promise<{ path: string; value: any }[]>;
  remove(): Promise<void>;
}

/** A home of its own and a browser that counts its tabs, in which a person acts. */
export async function createTestMachine(person: Person = 'consents'): Promise<TestMachine> {
  const directory = await mkdtemp(join(tmpdir(), 'mcp-connect-auth-'));
  const tabsPath = join(directory, 'tabs');
  const stateDirectory = join(directory, 'state');
  const opener = join(directory, 'xdg-open');
  await writeFile(opener, `#!/bin/sh\nexec '${process.execPath}' --no-warnings '${FAKE_BROWSER}' "$1"\n`);
  await chmod(opener, 0o755);
  const env = {
    PATH: `${directory}:${process.env.PATH}`,
    HOME: directory,
    DISPLAY: ':0',
    FAKE_BROWSER_TABS: tabsPath,
    FAKE_BROWSER_PERSON: person,
  };
  const log: string[] = [];
  return {
    directory,
    stateDirectory,
    env,
    log,
    settings: (overrides) => ({
      stateDirectory,
      env,
      platform: 'linux',
      browser: 'auto',
      allowHttp: false,
      log: (text) => log.push(text),
      ...overrides,
    }),
    tabs: async () => (await readText(tabsPath)).split('\n').filter((line) => line !== ''),
    pages: async () => {
      for (;;) {
        const text = await readText(`${tabsPath}.pages`);
        if (text !== '') return text;
        await pause(20);
      }
    },
    stored: async (kind) => {
      const folder = join(stateDirectory, kind);
      const names = await readdir(folder).catch(() => []);
      return await Promise.all(
        names.map(async (name) => ({
          path: join(folder, name),
          value: JSON.parse(await readText(join(folder, name))),
        })),
      );
    },
    // A browser may still be noting its last page.
    remove: () => rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 }),
  };
}

async function readText(path: string): Promise<string> {
  return await readFile(path, 'utf8').catch(() => '');
}
