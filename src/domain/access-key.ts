import { UserError } from './user-error.ts';

/** What people are shown of an access key; the key itself is known to its holder alone. */
export interface AccessKey {
  id: string;
  name: string;
  createdAt: Date;
  /** Name of the API token that made it. */
  createdBy: string;
  /** null: never. */
  expiresAt: Date | null;
  /** As far as it is known; null: no use is known. */
  lastUsedAt: Date | null;
}

const NAME_CHARS_MAX = 100;

/** Keys of one server that let somebody in. Each client has its own; more are a sign of a program that makes them. */
export const ACCESS_KEYS_MAX = 200;

/** Longer ones may as well never expire. */
const EXPIRY_YEARS_MAX = 10;

/**
 * @returns the name without blanks at its ends
 * @throws UserError access-key-invalid
 */
export function checkAccessKey({ name, expiresAt, now }: { name: string; expiresAt: Date | null; now: Date }): string {
  const trimmed = name.trim();
  const isShown = trimmed.isWellFormed() && !/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(trimmed);
  const characters = [...trimmed].length;
  if (!isShown || characters === 0 || characters > NAME_CHARS_MAX) {
    throw new UserError(
      'access-key-invalid',
      `Cannot make a key: its name is not one line of visible characters, expected 1 to ${NAME_CHARS_MAX} of them`,
      'Name it after whom it is for, such as "laptop" or "CI of acme".',
    );
  }
  if (expiresAt === null) return trimmed;
  const latest = new Date(now);
  latest.setUTCFullYear(latest.getUTCFullYear() + EXPIRY_YEARS_MAX);
  if (expiresAt > now && expiresAt <= latest) return trimmed;
  throw new UserError(
    'access-key-invalid',
    `Cannot make a key: it would expire ${expiresAt > now ? `in more than ${EXPIRY_YEARS_MAX} years` : 'before it is made'}, expected a time within the next ${EXPIRY_YEARS_MAX} years`,
    'Choose another time, or leave it out: then the key does not expire.',
  );
}
