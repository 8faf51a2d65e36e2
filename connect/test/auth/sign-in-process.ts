import { createCredentials } from '../../src/auth/credentials.ts';
import { callResource } from './call-resource.ts';

/**
 * One instance of mcp-connect, as far as signing in goes: calls the resource, prints the outcome, and ends with its
 * stdin whatever it is waiting for.
 */
const [url = '', stateDirectory = ''] = process.argv.slice(2);
const ended = new AbortController();
process.stdin.on('end', () => ended.abort(new Error('stdin has ended'))).resume();

const credentials = createCredentials({
  endpoint: { url: new URL(url), key: undefined, name: 'hello' },
  signIn: {
    stateDirectory,
    env: process.env,
    platform: 'linux',
    browser: 'auto',
    allowHttp: false,
    log: (text) => process.stderr.write(`${text}\n`),
  },
});
try {
  const { status, renewals } = await callResource({ url: new URL(url), credentials, signal: ended.signal });
  process.stdout.write(JSON.stringify({ status, renewals }));
} catch (error) {
  process.stdout.write(JSON.stringify({ failure: error instanceof Error ? error.message : String(error) }));
}
process.stdin.destroy();
