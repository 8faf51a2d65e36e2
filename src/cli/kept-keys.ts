import { readFileSync, renameSync, writeFileSync } from 'node:fs';

interface KeptKey {
  id: string;
  key: string;
}

/** The access keys that `host` made, in a file of this person's own, so that it has them again the next time. */
export interface KeptKeys {
  read(serverId: string): KeptKey | undefined;
  write(serverId: string, key: KeptKey): void;
}

export function keepKeysIn(path: string): KeptKeys {
  return {
    read: (serverId) => readAll(path)[serverId],
    write(serverId, key) {
      const all = { ...readAll(path), [serverId]: key };
      writeFileSync(`${path}.part`, `${JSON.stringify(all, null, 2)}\n`, { mode: 0o600 });
      renameSync(`${path}.part`, path);
    },
  };
}

function readAll(path: string): Record<string, KeptKey> {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Record<string, KeptKey>;
  } catch {
    // Not there yet, or broken by hand: keys are made anew.
    return {};
  }
}
