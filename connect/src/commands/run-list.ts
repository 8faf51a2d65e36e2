import { readConfigAt, readSettings } from '../config/read-settings.ts';
import { SetupError } from '../setup-error.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT } from './command-table.ts';
import { findServers, type KnownServer } from './find-servers.ts';
import { renderTable } from './render-table.ts';
import { CLIENTS } from './setup/clients.ts';

const KEY_WORDS: Record<KnownServer['key'], string> = {
  own: 'own key',
  keychain: 'keychain',
  common: 'common key',
  none: '-',
};

/** The servers that this machine knows, with their endpoints. */
export async function runList({ command, place, print, note }: CommandContext): Promise<number> {
  const warn = (text: string): void => note(`${text}\n`);
  const config = await readConfigAt(place, warn);
  const servers = findServers({ place, config, warn });
  const urls = await Promise.all(servers.map(({ target }) => urlOf(target)));
  if (command.flags.json) {
    print(
      `${JSON.stringify(
        servers.map((server, i) => ({ ...server, url: urls[i] ?? null })),
        undefined,
        2,
      )}\n`,
    );
    return EXIT.ok;
  }
  if (servers.length === 0) note('No servers yet. mcp-connect setup <server-id> adds one.\n');
  else print(renderTable([['SERVER', 'ENDPOINT', 'KEY', 'CLIENTS'], ...servers.map(rowOf)]));
  return EXIT.ok;

  function rowOf({ target, key, clients }: KnownServer, i: number): string[] {
    const titles = clients.map(({ client, name }) =>
      name === target ? CLIENTS[client].title : `${CLIENTS[client].title} ("${name}")`,
    );
    return [target, urls[i] ?? '(no URL is configured)', KEY_WORDS[key], titles.join(', ') || '-'];
  }

  async function urlOf(target: string): Promise<string | undefined> {
    try {
      // Without its keys: to list servers, no keychain has to be unlocked.
      const settings = await readSettings({ target, flags: {}, place, config: { ...config, keys: {}, keychain: [] } });
      return settings.endpoint.url.href;
    } catch (error) {
      if (error instanceof SetupError) return undefined;
      throw error;
    }
  }
}
