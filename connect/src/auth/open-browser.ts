import { spawn } from 'node:child_process';
import { SetupError } from '../setup-error.ts';
import { assertSecure } from './auth-fetch.ts';

export interface OpenCommand {
  command: string;
  args: string[];
}

/**
 * The program that opens a URL. Never a shell: `cmd /c start` would run what a hostile URL holds (CVE-2025-6514).
 * @param url the normalised form is passed on, in which quotes, spaces and control characters are escaped
 */
export function openCommand(platform: NodeJS.Platform, url: URL): OpenCommand {
  if (platform === 'darwin') return { command: 'open', args: [url.href] };
  if (platform === 'win32') return { command: 'rundll32', args: ['url.dll,FileProtocolHandler', url.href] };
  return { command: 'xdg-open', args: [url.href] };
}

/** Whether there may be a screen to open a browser on. */
export function hasDisplay(platform: NodeJS.Platform, env: NodeJS.ProcessEnv): boolean {
  if (env.SSH_CONNECTION) return false;
  if (platform === 'darwin' || platform === 'win32') return true;
  return Boolean(env.DISPLAY || env.WAYLAND_DISPLAY || env.WSL_DISTRO_NAME);
}

/**
 * @throws SetupError auth-url-not-secure for everything that is not https, or http to this machine: no `file:`,
 * `javascript:` or program's own scheme reaches the operating system
 */
export function checkOpenable(url: URL, allowHttp: boolean): void {
  assertSecure(url, allowHttp);
  if (url.username === '' && url.password === '') return;
  throw new SetupError(
    'auth-url-not-secure',
    `Cannot sign in through ${url.host}: the address holds a user name or password`,
    'The server names an unsafe address for signing in. Tell its owner.',
  );
}

/** Starts the browser and does not wait for it. A failure is no error, since the URL has been shown as well. */
export function openBrowser(options: { platform: NodeJS.Platform; env: NodeJS.ProcessEnv; url: URL }): void {
  const { platform, env, url } = options;
  const { command, args } = openCommand(platform, url);
  try {
    const child = spawn(command, args, { env, stdio: 'ignore', detached: true, shell: false, windowsHide: true });
    child.on('error', () => {});
    child.unref();
  } catch {
    // No process can be started; the person has the URL.
  }
}
