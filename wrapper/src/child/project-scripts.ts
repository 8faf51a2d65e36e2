/**
 * The names in the table `[project.scripts]` of a pyproject.toml (PyPA, declaring project metadata, entry points).
 * Reads only that table in its usual form, `name = "module:function"` lines; anything else counts as no script.
 */
export function parseProjectScripts(toml: string): string[] {
  const names: string[] = [];
  let isInTable = false;
  for (const raw of toml.split(/\r?\n/)) {
    const line = raw.trim();
    if (line.startsWith('[')) isInTable = /^\[\s*project\s*\.\s*scripts\s*\]/.test(line);
    const name = isInTable ? /^"?([A-Za-z0-9._-]+)"?\s*=\s*["'][^"']+["']/.exec(line)?.[1] : undefined;
    if (name !== undefined) names.push(name);
  }
  return names;
}
