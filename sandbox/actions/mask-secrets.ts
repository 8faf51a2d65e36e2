/** Shorter values would blot out ordinary text, such as a mask for "1". */
const SECRET_CHARACTERS_MIN = 4;

export interface SecretMask {
  add(secret: string): void;
  mask(text: string): string;
}

/** Replaces secrets by `***`, also in base64, as git sends them in its header. */
export function createSecretMask(secrets: readonly string[]): SecretMask {
  const known = new Set<string>();
  const add = (secret: string): void => {
    for (const line of secret.split(/\r?\n/)) {
      if (line.length >= SECRET_CHARACTERS_MIN) known.add(line);
    }
  };
  for (const secret of secrets) {
    add(secret);
    add(Buffer.from(secret).toString('base64'));
    add(Buffer.from(`x-access-token:${secret}`).toString('base64'));
  }
  return {
    add,
    mask(text) {
      let masked = text;
      // Longest first: a secret may hold another one.
      for (const secret of [...known].sort((a, b) => b.length - a.length)) masked = masked.replaceAll(secret, '***');
      return masked;
    },
  };
}
