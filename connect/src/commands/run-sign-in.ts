import { login } from '../auth/login.ts';
import { logout } from '../auth/logout.ts';
import { readConfigAt, readSettings, type Settings } from '../config/read-settings.ts';
import type { CommandContext } from './command-context.ts';
import { EXIT } from './command-table.ts';
import { signInOf } from './server-access.ts';

/** Signs in now, so that the client does not have to wait for it. */
export async function runLogin(context: CommandContext): Promise<number> {
  const { place, print, note, signal } = context;
  const { endpoint, options } = await settingsOf(context);
  if (endpoint.key !== undefined) note(`${endpoint.name} has an API key, which comes first unless --auth oauth.\n`);
  const outcome = await login({ endpoint, signIn: signInOf(options, place, (text) => note(`${text}\n`)), signal });
  if (outcome.kind === 'not-needed') print(`${endpoint.name} asks for no sign-in.\n`);
  else print(`Signed in to ${endpoint.name} at ${outcome.issuer}${outcome.scope ? ` for ${outcome.scope}` : ''}.\n`);
  return EXIT.ok;
}

export async function runLogout(context: CommandContext): Promise<number> {
  const { place, print, note, signal } = context;
  const { endpoint, options } = await settingsOf(context);
  const outcome = await logout({ endpoint, signIn: signInOf(options, place, (text) => note(`${text}\n`)), signal });
  if (outcome.kind === 'not-signed-in') print(`Nobody was signed in to ${endpoint.name}.\n`);
  else if (outcome.wasRevoked) print(`Signed out of ${endpoint.name}.\n`);
  else print(`Signed out of ${endpoint.name} here; the server was not told, so its tokens work until they expire.\n`);
  return EXIT.ok;
}

async function settingsOf({ command, place, note }: CommandContext): Promise<Settings> {
  const config = await readConfigAt(place, (text) => note(`${text}\n`));
  return await readSettings({ target: command.arguments[0], flags: command.options, place, config });
}
