import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { configPath, type Place } from '../../src/config/config-path.ts';
import { readKeychain, removeFromKeychain, writeKeychain } from '../../src/config/keychain.ts';
import { codeOf } from '../code-of.ts';
import { runArguments } from '../commands/command-run.ts';
import { makePlace, removeHomes } from '../commands/temporary-home.ts';

afterEach(removeHomes);

/** Stand-ins of the systems' programs that keep secrets in a folder, and note their arguments. */
const SECRET_TOOL = `#!/bin/sh
echo "$@" >> "$HOME/arguments"
for account; do :; done
case "$1" in
  store) cat > "$HOME/secret-$account" ;;
  lookup) cat "$HOME/secret-$account" ;;
  clear) rm "$HOME/secret-$account" ;;
esac
`;
const SECURITY = `#!/bin/sh
echo "$@" >> "$HOME/arguments"
case "$1" in
  -i) read -r command; set -- $command
      [ "$1 $2 $3 $4 $5 $7" = "add-generic-password -U -s mcp-connect -a -X" ] || exit 1
      account=$(echo "$6" | tr -d '"'); printf "$(echo "$8" | sed 's/../\\\\x&/g')" > "$HOME/secret-$account" ;;
  find-generic-password) cat "$HOME/secret-$5" ;;
  delete-generic-password) rm "$HOME/secret-$5" ;;
esac
`;

function makeKeychain(platform: 'linux' | 'darwin'): Place {
  const place = makePlace(platform);
  const bin = join(place.home, 'bin');
  mkdirSync(bin);
  const path = join(bin, platform === 'linux' ? 'secret-tool' : 'security');
  writeFileSync(path, (platform === 'linux' ? SECRET_TOOL : SECURITY).replace('/bin/sh', '/bin/bash'));
  chmodSync(path, 0o755);
  return { ...place, env: { PATH: [bin, '/usr/bin', '/bin'].join(delimiter), HOME: place.home } };
}

test.each(['linux', 'darwin'] as const)('keychain of %s keeps a key, which no argument shows', async (platform) => {
  const place = makeKeychain(platform);

  await writeKeychain('hello-q7m2d4', 'mcp_s3cret', place);

  expect(await readKeychain('hello-q7m2d4', place)).toBe('mcp_s3cret');
  expect(readFileSync(join(place.home, 'arguments'), 'utf8')).not.toContain('s3cret');
  await removeFromKeychain('hello-q7m2d4', place);
  expect(await codeOf(() => readKeychain('hello-q7m2d4', place))).toBe('keychain-failed');
});

test('setup puts the key into the keychain, and its place into the config file', async () => {
  const place = makeKeychain('linux');
  Object.assign(place.env, { MCP_CONNECT_KEY: 'mcp_s3cret', MCP_CONNECT_DOMAIN: 'example.com' });

  await runArguments(['setup', 'hello-q7m2d4', '--client', 'zed', '--keychain'], { place });

  expect(JSON.parse(readFileSync(configPath(place), 'utf8'))).toEqual({
    url: 'https://{server-id}.mcp.example.com/mcp',
    keychain: ['hello-q7m2d4'],
  });
  expect(await readKeychain('hello-q7m2d4', place)).toBe('mcp_s3cret');
});

test.each(['linux', 'darwin', 'win32'] as const)('missing keychain of %s is told of', async (platform) => {
  const place = makePlace(platform, { MCP_CONNECT_KEY: 'k', MCP_CONNECT_DOMAIN: 'example.com' });
  const args = ['setup', 'hello-q7m2d4', '--client', 'zed', '--keychain'];

  expect(await codeOf(() => runArguments(args, { place }))).toBe('keychain-failed');
  expect(existsSync(configPath(place))).toBe(false);
});
