import type { Rollout } from '../rollout.ts';
import { escapeProse } from './escape-markdown.ts';

/** Sixty-four names of 128 characters, twice. */
const CHARS_MAX = 20_000;

/** Which variables a rollout waits for, and what sets them. */
export function missingSection({ message, hint }: NonNullable<Rollout['missingSecrets']>): string {
  return `${escapeProse(message, CHARS_MAX)}\n\n**Do this:** ${escapeProse(hint, CHARS_MAX)}`;
}
