import { needsDocker } from './dockerfile-errors.ts';

export interface FlaggedWords {
  flags: Record<string, string>;
  /** What follows the flags, at white space outside of quotes. */
  words: string[];
  remainder: string;
}

/**
 * Reads `--name=value` at the begin of an instruction.
 *
 * @param allowed names of flags
 * @throws UserError `dockerfile-needs-docker` for any other flag
 */
export function parseFlags(line: number, rest: string, allowed: readonly string[]): FlaggedWords {
  const flags: Record<string, string> = {};
  let remainder = rest;
  for (;;) {
    const match = /^--([a-z-]+)(?:=(\S*))?(?:\s+|$)/.exec(remainder);
    const name = match?.[1];
    if (!match || name === undefined) break;
    if (!allowed.includes(name)) throw needsDocker(line, `flag "--${name}"`, `none but --${allowed.join(', --')}`);
    flags[name] = match[2] ?? '';
    remainder = remainder.slice(match[0].length);
  }
  return { flags, remainder, words: remainder.match(/(?:"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [] };
}
