/** Decides which paths of a build context are left out. Paths are relative, with `/`. */
export type IsIgnored = (path: string) => boolean;

/**
 * Reads a `.dockerignore`: one pattern a line, `#` comments, `*`, `?`, `**`, `[…]`, and `!` to take back; the last line
 * that fits decides, and a pattern that fits a directory fits all in it. Source: docs.docker.com/build/concepts/context.
 */
export function parseDockerIgnore(text: string): IsIgnored {
  const rules = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .slice(0, RULES_MAX)
    .map((line) => ({ keeps: line.startsWith('!'), pattern: globPattern(line.replace(/^!/, '')) }));
  return (path) => {
    let ignored = false;
    for (const rule of rules) {
      if (rule.pattern.test(path)) ignored = !rule.keeps;
    }
    return ignored;
  };
}

/** Lines beyond these are left out: each is tested on each file. */
const RULES_MAX = 1_000;

/** Longest pattern: wildcards cost time with their number. */
const GLOB_CHARACTERS_MAX = 256;
const NOTHING = /^(?!)/;

function globPattern(glob: string): RegExp {
  const clean = glob.replace(/^\/+|\/+$/g, '').replace(/^\.\//, '');
  if (clean.length > GLOB_CHARACTERS_MAX) return NOTHING;
  try {
    return new RegExp(`^${globSource(clean)}(?:/.*)?$`, 's');
  } catch {
    // Such as the range `[z-a]`: it fits nothing, as in Docker.
    return NOTHING;
  }
}

/** @returns the source of a regular expression for a glob in the manner of Go's `filepath.Match`, and `**`. */
export function globSource(glob: string): string {
  let source = '';
  for (let index = 0; index < glob.length; index++) {
    const character = glob.charAt(index);
    if (glob.startsWith('**/', index)) {
      source += '(?:[^/]+/)*';
      index += 2;
    } else if (glob.startsWith('**', index)) {
      source += '.*';
      index += 1;
    } else if (character === '*') source += '[^/]*';
    else if (character === '?') source += '[^/]';
    else if (character === '[' && /^\[\^?[\w.-]+\]/.test(glob.slice(index))) {
      const end = glob.indexOf(']', index);
      source += glob.slice(index, end + 1);
      index = end;
    } else source += character.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
  }
  return source;
}
