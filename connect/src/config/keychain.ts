import { spawn } from 'node:child_process';
import { SetupError } from '../setup-error.ts';
import type { Place } from './config-path.ts';

/** What a keychain's own program may write, in bytes, and how long it may take, its question to the person included. */
const OUTPUT_BYTES_MAX = 64 * 1024;
const KEYCHAIN_TIMEOUT_MS = 60_000;

const SERVICE = 'mcp-connect';

/** One run of a program. Secrets go in by stdin, since every user of a machine can list arguments. */
interface Run {
  command: string;
  args: readonly string[];
  input: string;
}

interface Keychain {
  name: string;
  read: (account: string) => Run;
  write: (account: string, secret: string) => Run;
  remove: (account: string) => Run;
}

/** Keychain of macOS: `security -i` takes its commands from stdin. */
const MACOS: Keychain = {
  name: 'the macOS keychain',
  read: (account) => ({
    command: 'security',
    args: ['find-generic-password', '-s', SERVICE, '-a', account, '-w'],
    input: '',
  }),
  write: (account, secret) => ({
    command: 'security',
    args: ['-i'],
    // In hexadecimal there is nothing to quote.
    input: `add-generic-password -U -s ${SERVICE} -a "${account}" -X ${Buffer.from(secret).toString('hex')}\n`,
  }),
  remove: (account) => ({
    command: 'security',
    args: ['delete-generic-password', '-s', SERVICE, '-a', account],
    input: '',
  }),
};

/** The freedesktop.org Secret Service (GNOME Keyring, KWallet). */
const LINUX: Keychain = {
  name: 'the Secret Service',
  read: (account) => ({ command: 'secret-tool', args: ['lookup', 'service', SERVICE, 'account', account], input: '' }),
  write: (account, secret) => ({
    command: 'secret-tool',
    args: ['store', '--label', `${SERVICE} ${account}`, 'service', SERVICE, 'account', account],
    input: secret,
  }),
  remove: (account) => ({ command: 'secret-tool', args: ['clear', 'service', SERVICE, 'account', account], input: '' }),
};

/** @throws SetupError keychain-failed */
export async function readKeychain(account: string, place: Place): Promise<string> {
  const secret = (await use(place, (keychain) => keychain.read(account))).trim();
  if (secret !== '') return secret;
  throw failed(`it has no key of ${account}`);
}

/** @throws SetupError keychain-failed */
export async function writeKeychain(account: string, secret: string, place: Place): Promise<void> {
  if (/["\\\n]/.test(account)) throw failed('the name of the server has characters that it cannot take');
  await use(place, (keychain) => keychain.write(account, secret));
  // `security -i` does not tell by its exit code whether a command failed.
  if ((await readKeychain(account, place)) !== secret) throw failed('it did not keep the key');
}

/** @throws SetupError keychain-failed */
export async function removeFromKeychain(account: string, place: Place): Promise<void> {
  await use(place, (keychain) => keychain.remove(account));
}

async function use(place: Place, runOf: (keychain: Keychain) => Run): Promise<string> {
  const keychain = keychainOf(place.platform);
  if (!keychain) throw failed(`there is none that ${place.platform} programs can use without more software`);
  const run = runOf(keychain);
  const { code, stdout, problem } = await execute(run, place.env);
  if (problem === 'ENOENT') throw failed(`${run.command} is not installed`);
  if (code !== 0) throw failed(`${keychain.name} refused (${run.command} exited with ${code ?? problem})`);
  return stdout;
}

function keychainOf(platform: NodeJS.Platform): Keychain | undefined {
  if (platform === 'darwin') return MACOS;
  return platform === 'linux' || platform === 'freebsd' ? LINUX : undefined;
}

function execute(
  { command, args, input }: Run,
  env: NodeJS.ProcessEnv,
): Promise<{ code: number | null; stdout: string; problem?: string | undefined }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'ignore'], timeout: KEYCHAIN_TIMEOUT_MS });
    let stdout = '';
    child.stdout.on('data', (chunk) => {
      if (stdout.length < OUTPUT_BYTES_MAX) stdout += chunk;
    });
    // A program that does not read what it is told says so by its exit code.
    child.stdin.on('error', () => {});
    child.on('error', (error: NodeJS.ErrnoException) => resolve({ code: null, stdout: '', problem: error.code }));
    child.on('close', (code, signal) => resolve({ code, stdout, problem: signal ?? undefined }));
    child.stdin.end(input);
  });
}

function failed(state: string): SetupError {
  return new SetupError(
    'keychain-failed',
    `Cannot use the keychain: ${state}`,
    'Unlock it, or put the key under "keys" in the config file, or into MCP_CONNECT_KEY.',
  );
}
