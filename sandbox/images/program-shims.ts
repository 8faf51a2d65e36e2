import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Owners and users mean nothing in an image directory: these do nothing and succeed. */
const WITHOUT_EFFECT = ['chown', 'chgrp', 'useradd', 'adduser', 'usermod', 'groupadd', 'addgroup'];
/** These would change the machine instead of the image. */
const REFUSED = [
  ...['apt', 'apt-get', 'apk', 'dpkg', 'dnf', 'microdnf', 'yum', 'zypper', 'pacman', 'brew', 'corepack'],
  ...[
    'sudo',
    'su',
    'chroot',
    'mount',
    'umount',
    'systemctl',
    'service',
    'shutdown',
    'reboot',
    'update-ca-certificates',
  ],
];

/**
 * Writes small programs that stand first on PATH while RUN commands run, in the place of those that are made for a
 * container's own root. It keeps honest Dockerfiles from harm; it is no wall against hostile ones.
 */
export async function writeProgramShims(directory: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const refusal = 'it would change this machine, not the image; start the sandbox with --engine docker';
  const shims = [
    ...WITHOUT_EFFECT.map((name) => [name, 'exit 0'] as const),
    ...REFUSED.map((name) => [name, `echo "${name}: ${refusal}" >&2\nexit 1`] as const),
  ];
  for (const [name, body] of shims) {
    await writeFile(join(directory, name), `#!/bin/sh\n${body}\n`);
    await chmod(join(directory, name), 0o755);
  }
}
