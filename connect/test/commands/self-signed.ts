import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Only `openssl ca` takes dates in every version. */
const AUTHORITY = `[ca]
default_ca = own
[own]
database = index.txt
rand_serial = yes
new_certs_dir = .
default_md = sha256
policy = any
x509_extensions = names
[any]
organizationName = supplied
[names]
`;

/** A certificate of its own authority. Dates as openssl writes them, such as `20200101000000Z`. */
export function makeCertificate({ from, to, names }: { from: string; to: string; names: string }): {
  key: string;
  cert: string;
} {
  const cwd = mkdtempSync(join(tmpdir(), 'connect-tls-'));
  const run = (...args: string[]): Buffer => execFileSync('openssl', args, { cwd, stdio: 'ignore' });
  try {
    writeFileSync(join(cwd, 'index.txt'), '');
    writeFileSync(join(cwd, 'ca.cnf'), `${AUTHORITY}subjectAltName = ${names}\n`);
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', 'key.pem'];
    run('req', '-new', ...key, '-subj', '/O=Test', '-out', 'request.pem');
    const sign = ['-selfsign', '-batch', '-keyfile', 'key.pem', '-in', 'request.pem', '-out', 'cert.pem', '-notext'];
    run('ca', '-config', 'ca.cnf', ...sign, '-startdate', from, '-enddate', to);
    return { key: readFileSync(join(cwd, 'key.pem'), 'utf8'), cert: readFileSync(join(cwd, 'cert.pem'), 'utf8') };
  } finally {
    rmSync(cwd, { recursive: true });
  }
}
