import type { Config } from '../../config/config-file.ts';
import { readConfigAt, readSettings, type Settings } from '../../config/read-settings.ts';
import { findProxy } from '../../http/proxy.ts';
import { printable } from '../../printable.ts';
import { SetupError } from '../../setup-error.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT } from '../command-table.ts';
import { findServers } from '../find-servers.ts';
import { openServer } from '../open-server.ts';
import { CHECK_NAMES, type Check } from './check.ts';
import { checkCertificate, checkConnection, checkName, type Hop } from './check-network.ts';
import { checkServer } from './check-server.ts';

interface Diagnosis {
  server: string;
  url: string | null;
  isHealthy: boolean;
  checks: Check[];
}

/** Looks at everything between here and a server, or all that are known, in the order in which it is needed. */
export async function runDoctor(context: CommandContext): Promise<number> {
  const { command, place, print, note } = context;
  const warn = (text: string): void => note(`${text}\n`);
  const config = await readConfigAt(place, warn);
  const targets = chooseTargets(context, config);
  const diagnoses: Diagnosis[] = [];
  for (const target of targets) {
    const diagnosis = await diagnose(context, { target, config });
    diagnoses.push(diagnosis);
    if (!command.flags.json) print(render(diagnosis));
  }
  if (command.flags.json) {
    print(`${JSON.stringify(command.arguments.length > 0 ? diagnoses[0] : diagnoses, undefined, 2)}\n`);
  }
  return diagnoses.every(({ isHealthy }) => isHealthy) ? EXIT.ok : EXIT.failed;
}

function chooseTargets({ command, place, note }: CommandContext, config: Config): (string | undefined)[] {
  const [target] = command.arguments;
  const url = command.options.url?.at(-1) ?? place.env.MCP_CONNECT_URL;
  if (target !== undefined || (url && !url.includes('{'))) return [target];
  const known = findServers({ place, config, warn: (text) => note(`${text}\n`) });
  if (known.length > 0) return known.map((server) => server.target);
  throw new SetupError(
    'server-id-missing',
    'Cannot check: no server was named, and none is known here',
    'Run mcp-connect doctor <server-id>.',
  );
}

async function diagnose(
  context: CommandContext,
  { target, config }: { target: string | undefined; config: Config },
): Promise<Diagnosis> {
  const { command, place } = context;
  let settings: Settings;
  try {
    settings = await readSettings({ target, flags: command.options, place, config });
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    const check: Check = { name: 'configuration', state: 'failed', detail: error.message, cure: error.hint };
    return complete({ server: target ?? 'the server', url: null, checks: [check] });
  }
  const { url, name } = settings.endpoint;
  const checks = [checkConfiguration(settings), ...(await checkWay(settings, context))];
  if (checks.every(({ state }) => state !== 'failed')) checks.push(...(await checkProtocol(settings, context)));
  return complete({ server: name, url: url.href, checks });
}

function checkConfiguration({ endpoint, options }: Settings): Check {
  const key = endpoint.key === undefined ? 'no key' : 'with a key';
  const speed = options.transport === 'websocket' ? ', by WebSocket' : '';
  return { name: 'configuration', state: 'ok', detail: `${endpoint.url.href}, ${key}${speed}` };
}

async function checkWay({ endpoint }: Settings, { place }: CommandContext): Promise<Check[]> {
  const { url } = endpoint;
  const proxy = findProxy(url, place.env);
  const hop = hopOf(proxy ?? url);
  const checks: Check[] = proxy ? [{ name: 'proxy', state: 'ok', detail: `by ${proxy.host}` }] : [];
  checks.push(await checkName(hop));
  if (checks.at(-1)?.state === 'failed') return checks;
  checks.push(await checkConnection(hop));
  if (checks.at(-1)?.state === 'failed' || url.protocol !== 'https:') return checks;
  // Behind a proxy the handshake tells whether the certificate is good; its dates are not seen from here.
  if (!proxy) checks.push(await checkCertificate(hop, new Date()));
  return checks;
}

/** Nobody is asked to sign in: that the server wants it is the finding. */
async function checkProtocol(settings: Settings, { place, note }: CommandContext): Promise<Check[]> {
  const remote = openServer(settings, { place, log: (text) => note(`${text}\n`), isInteractive: false });
  try {
    return await checkServer(remote, settings);
  } finally {
    await remote.close();
  }
}

function hopOf({ hostname, port, protocol }: URL): Hop {
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (protocol === 'https:' ? 443 : 80) };
}

/** What was not tried stands there too, so that nobody takes it for fine. */
function complete({ server, url, checks }: Omit<Diagnosis, 'isHealthy'>): Diagnosis {
  const isHealthy = checks.every(({ state }) => state !== 'failed');
  const last = CHECK_NAMES.indexOf(checks.at(-1)?.name ?? 'configuration');
  const skipped = isHealthy
    ? []
    : CHECK_NAMES.slice(last + 1).map((name): Check => ({ name, state: 'skipped', detail: 'not tried' }));
  return { server, url, isHealthy, checks: [...checks, ...skipped] };
}

const MARKS: Record<Check['state'], string> = { ok: '✔', warning: '!', failed: '✘', skipped: '-' };

function render({ server, checks }: Diagnosis): string {
  const width = Math.max(...CHECK_NAMES.map((name) => name.length));
  const lines = checks.flatMap(({ name, state, detail, cure, ms }) => [
    ` ${MARKS[state]} ${name.padEnd(width)}  ${printable(detail)}${ms === undefined ? '' : `  ${ms} ms`}`,
    ...(cure === undefined ? [] : [`   ${''.padEnd(width)}  Do this: ${printable(cure)}`]),
  ]);
  return `${[server, ...lines, ''].join('\n')}\n`;
}
