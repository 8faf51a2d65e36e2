import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolder } from '../make-folder.ts';
import { isObject, type JsonObject } from './json-rpc.ts';
import { LAST_KNOWN_BYTES_MAX, LAST_KNOWN_FILES_MAX } from './limits.ts';
import type { Era } from './protocol-version.ts';

/** What an endpoint answered when it was last reached. */
export interface LastKnown {
  /** The era in which it was spoken to. */
  era?: Era;
  /** What legacy clients were answered to `initialize`. */
  initialize?: JsonObject;
  /** What modern clients were answered to `server/discover`. */
  discover?: JsonObject;
}

/**
 * Remembers an endpoint from run to run, for the start while its server is down. One file an endpoint, for the owner
 * alone; losing them costs nothing, so failures of the disk are no failures here.
 */
export class LastKnownStore {
  readonly #directory: string | undefined;
  readonly #name: string;
  readonly #key: string;
  #known: LastKnown = {};
  #written = '';
  #writing: Promise<void> = Promise.resolve();

  /**
   * @param options.directory undefined: nothing is kept
   * @param options.key what tells endpoints and their clients apart; it is not written in clear
   */
  constructor({ directory, key }: { directory: string | undefined; key: string }) {
    this.#directory = directory;
    this.#key = createHash('sha256').update(key).digest('hex');
    this.#name = `${this.#key}.json`;
  }

  get known(): LastKnown {
    return this.#known;
  }

  async read(): Promise<LastKnown> {
    if (this.#directory === undefined) return this.#known;
    try {
      const path = join(this.#directory, this.#name);
      if ((await stat(path)).size > LAST_KNOWN_BYTES_MAX) return this.#known;
      this.#known = { ...parseLastKnown(await readFile(path, 'utf8')), ...this.#known };
    } catch {
      // Never seen, or unreadable: then it is asked.
    }
    return this.#known;
  }

  /** Adds to what is known; written in the background, one write after the other. */
  learn(news: LastKnown): void {
    this.#known = { ...this.#known, ...news };
    const text = render(this.#known);
    if (this.#directory === undefined || text === '' || text === this.#written || text.length > LAST_KNOWN_BYTES_MAX)
      return;
    this.#written = text;
    this.#writing = this.#writing.then(() => this.#write(text)).catch(() => {});
  }

  /** Resolves when what was learned is on the disk. */
  async settled(): Promise<void> {
    await this.#writing;
  }

  async #write(text: string): Promise<void> {
    const directory = this.#directory ?? '';
    makeFolder(directory, { mode: 0o700 });
    const temporary = join(directory, `${this.#key}.${randomUUID()}.tmp`);
    try {
      await writeFile(temporary, text, { mode: 0o600, flag: 'wx' });
      await rename(temporary, join(directory, this.#name));
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await forgetOldest(directory);
  }
}

/** Nothing for what is nested too deeply to be written. */
function render(known: LastKnown): string {
  try {
    return JSON.stringify(known);
  } catch {
    return '';
  }
}

function parseLastKnown(text: string): LastKnown {
  const value: unknown = JSON.parse(text);
  if (!isObject(value)) return {};
  return {
    ...((value.era === 'legacy' || value.era === 'modern') && { era: value.era }),
    ...(isObject(value.initialize) && { initialize: value.initialize }),
    ...(isObject(value.discover) && { discover: value.discover }),
  };
}

async function forgetOldest(directory: string): Promise<void> {
  const names = (await readdir(directory)).filter((name) => /^[0-9a-f]{64}\./.test(name));
  if (names.length <= LAST_KNOWN_FILES_MAX) return;
  const files = await Promise.all(
    names.map(async (name) => ({ name, time: (await stat(join(directory, name))).mtimeMs })),
  );
  files.sort((a, b) => a.time - b.time);
  const surplus = files.slice(0, files.length - LAST_KNOWN_FILES_MAX);
  await Promise.all(surplus.map(({ name }) => rm(join(directory, name), { force: true })));
}
