import { dirname, join } from 'node:path';
import { withFileLock } from '../../auth/file-lock.ts';
import type { Config } from '../../config/config-file.ts';
import type { Place } from '../../config/config-path.ts';
import { configPath } from '../../config/config-path.ts';
import { isWholeUrl } from '../../config/endpoint.ts';
import { writeKeychain } from '../../config/keychain.ts';
import { environmentLayer, type GivenOptions } from '../../config/options.ts';
import { findKey, readConfigAt, readSettings } from '../../config/read-settings.ts';
import { SetupError } from '../../setup-error.ts';
import { askSecret, readAll } from '../ask-secret.ts';
import type { CommandContext } from '../command-context.ts';
import { CLIENT_IDS, EXIT } from '../command-table.ts';
import { CLIENTS, type ClientId, findInstalledClients } from './clients.ts';
import { PACKAGE, planEntry } from './entry.ts';
import { type FileChange, planClient } from './plan-client.ts';
import { planConfig } from './plan-config.ts';
import { readTextFile } from './read-text-file.ts';
import { renderDiff } from './render-diff.ts';
import { saveUndoRecord, undoSetup, type WrittenFile, writeWithBackup } from './undo-record.ts';

/** What clients take in a server's name. */
const NAME_PATTERN = /^[A-Za-z0-9_-]{1,64}$/;

interface Plan {
  config: FileChange;
  clients: { id: ClientId; change: FileChange }[];
}

/**
 * Writes a server into the files of clients, and what the bridge must know into the config file. Everything is planned
 * before anything is written, so that one broken file leaves all as they are.
 */
export async function runSetup(context: CommandContext): Promise<number> {
  const { command, place, print } = context;
  if (command.flags.undo) {
    for (const line of await alone(context, () => undoSetup(place))) print(`${line}\n`);
    return EXIT.ok;
  }
  const target = command.arguments[0];
  if (target === undefined) {
    throw new SetupError('server-id-missing', 'Cannot set up: no server was named', 'mcp-connect setup <server-id>');
  }
  const ids = chooseClients(command.flags.client, place);
  const config = await readConfigAt(place, (text) => context.note(`${text}\n`));
  const name = chooseName(target, command.flags.name);
  const options = { ...environmentLayer(place.env).given, ...command.options };
  const { endpoint } = await readSettings({ target, flags: command.options, place, config });
  const key = await findNewKey(context, { target, config });
  const keyPlace = command.flags.keychain ? 'keychain' : 'file';
  const planNow = (): Plan => planAll({ context, target, name, ids, options, key, keyPlace });
  if (command.flags['dry-run']) {
    print(renderPlan(planNow(), key));
    return EXIT.ok;
  }
  const plan = await alone(context, async () => {
    const planned = planNow();
    if (key !== undefined && keyPlace === 'keychain') await writeKeychain(target, key, place);
    applyPlan(planned, { name, place });
    return planned;
  });
  print(
    renderDone(plan, {
      name,
      target,
      program: programOf(context),
      hasKey: key !== undefined || endpoint.key !== undefined,
      keyPlace,
    }),
  );
  return EXIT.ok;
}

/** Of several setups at once, each finds in the files what the one before has written. */
async function alone<T>({ place, signal }: CommandContext, work: () => T | Promise<T>): Promise<T> {
  return await withFileLock({ path: join(dirname(configPath(place)), 'setup.lock'), signal }, async () => await work());
}

function planAll(options: {
  context: CommandContext;
  target: string;
  name: string;
  ids: readonly ClientId[];
  options: GivenOptions;
  key: string | undefined;
  keyPlace: 'file' | 'keychain';
}): Plan {
  const { context, target, name, ids, key, keyPlace } = options;
  const { command, place, mainPath } = context;
  const path = configPath(place);
  const before = readTextFile(path);
  const config = { path, before, after: planConfig(before, { target, options: options.options, key, keyPlace }) };
  const entry = planEntry({ target, place, installedAt: command.flags.installed ? mainPath : undefined });
  const force = command.flags.force === true;
  const clients = ids.map((id) => ({ id, change: planClient({ client: CLIENTS[id], place, name, entry, force }) }));
  return { config, clients };
}

function applyPlan({ config, clients }: Plan, { name, place }: { name: string; place: Place }): void {
  const written: WrittenFile[] = [];
  try {
    if (isNeeded(config)) written.push(writeWithBackup(config));
    for (const { id, change } of clients) {
      if (isNeeded(change)) written.push(writeWithBackup(change, { client: id, name }));
    }
  } finally {
    // Also what was written before a failure can be undone.
    if (written.length > 0) saveUndoRecord(written, place);
  }
}

function chooseClients(given: true | readonly string[] | undefined, place: Place): ClientId[] {
  if (given === undefined || given === true) {
    const found = findInstalledClients(place);
    if (found.length > 0) return found;
    throw new SetupError(
      'client-not-found',
      'Cannot set up: no client was found on this machine',
      `Name one with --client: ${CLIENT_IDS.join(', ')}.`,
    );
  }
  const unknown = given.find((id) => !Object.hasOwn(CLIENTS, id));
  if (unknown === undefined) return [...new Set(given as ClientId[])];
  throw new SetupError(
    'client-unknown',
    `Cannot set up "${unknown}": it is not a client that setup knows`,
    `There are ${CLIENT_IDS.join(', ')}; for any other, docs/connect.md shows what to write.`,
  );
}

function chooseName(target: string, given: true | readonly string[] | undefined): string {
  const chosen = Array.isArray(given) ? (given.at(-1) ?? '') : nameOf(target);
  if (NAME_PATTERN.test(chosen)) return chosen;
  throw new SetupError(
    'name-invalid',
    `Cannot name the server "${chosen}": clients take up to 64 letters, digits, dashes and underscores`,
    'Choose another with --name.',
  );
}

/** A URL of the platform begins with the server id; any other is known by its host. */
function nameOf(target: string): string {
  if (!isWholeUrl(target) || !URL.canParse(target)) return target;
  const { hostname } = new URL(target);
  const [label = '', second] = hostname.split('.');
  return second === 'mcp'
    ? label
    : hostname
        .replace(/[^A-Za-z0-9]+/g, '-')
        .replace(/^-|-$/g, '')
        .slice(0, 64);
}

/** A key that is not known yet, which the client's process will need. */
async function findNewKey(
  context: CommandContext,
  { target, config }: { target: string; config: Config },
): Promise<string | undefined> {
  const { command, place, input } = context;
  const known = await findKey({ target, place, config });
  const given = command.flags['key-stdin'] ? (await readAll(input)).trim() : place.env.MCP_CONNECT_KEY?.trim();
  if (given) return given === known ? undefined : given;
  if (known !== undefined || command.flags['dry-run']) return undefined;
  const question = `API key of ${target} (nothing if it needs none, or if you sign in with a browser): `;
  return (await askSecret(question, context)).trim() || undefined;
}

/** How a person can call this program again: npx leaves no command behind. */
function programOf({ mainPath }: CommandContext): string {
  return /[\\/]_npx[\\/]/.test(mainPath) ? `npx -y ${PACKAGE}` : 'mcp-connect';
}

function isNeeded({ before, after }: FileChange): boolean {
  return (before ?? '') !== after;
}

function renderPlan({ config, clients }: Plan, key: string | undefined): string {
  const changes = [config, ...clients.map(({ change }) => change)].filter(isNeeded);
  if (changes.length === 0) return 'Nothing to change.\n';
  const diffs = changes.map(({ path, before, after }) => renderDiff({ path, before: before ?? '', after }));
  return key === undefined ? diffs.join('') : diffs.join('').replaceAll(JSON.stringify(key), '"(the key)"');
}

function renderDone(
  { config, clients }: Plan,
  options: { name: string; target: string; program: string; hasKey: boolean; keyPlace: 'file' | 'keychain' },
): string {
  const { name, target, program, hasKey, keyPlace } = options;
  const lines = clients.flatMap(({ id, change }) => {
    const { title, next } = CLIENTS[id];
    const state = isNeeded(change) ? `added "${name}" to ${change.path}` : `has "${name}" already, in ${change.path}`;
    return [`${title}: ${state}`, ...(isNeeded(change) ? [`  ${next}`] : [])];
  });
  const keyLine = keyPlace === 'keychain' ? 'The key is in the keychain.' : `The key is in ${config.path}.`;
  return [
    ...lines,
    ...(hasKey && isNeeded(config) ? [keyLine] : []),
    '',
    `Check: ${program} doctor ${target}`,
    `Undo:  ${program} setup --undo`,
    '',
  ].join('\n');
}
