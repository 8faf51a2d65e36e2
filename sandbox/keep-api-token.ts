import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { request } from 'undici';

/** The token of the last start while it is still good, else a new one. */
export async function keepApiToken(dataDir: string, apiUrl: string, databaseUrl: string): Promise<string> {
  const path = join(dataDir, 'api-token');
  const known = await readFile(path, 'utf8').catch(() => '');
  if (known) {
    const { statusCode, body } = await request(`${apiUrl}/api/hosting/servers`, {
      headers: { authorization: `Bearer ${known}` },
    });
    await body.dump();
    if (statusCode === 200) return known;
  }
  const cli = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
  const { stdout } = await promisify(execFile)(process.execPath, [cli, 'token', 'create', '--name', 'sandbox'], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', DATABASE_URL: databaseUrl },
  });
  const token = stdout.trim().split('\n').at(-1) ?? '';
  await writeFile(path, token, { mode: 0o600 });
  return token;
}
