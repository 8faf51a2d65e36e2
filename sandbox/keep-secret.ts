import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';

const SECRET_BYTES = 32;

/** The secret in the file; made at random when there is no such file. Mode 0600. */
export function keepSecret(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    const secret = randomBytes(SECRET_BYTES).toString('hex');
    writeFileSync(path, `${secret}\n`, { mode: 0o600, flag: 'wx' });
    return secret;
  }
}
