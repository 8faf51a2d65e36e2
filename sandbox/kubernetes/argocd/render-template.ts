/** What the git directory generator gives for one directory. */
export interface DirectoryParameters {
  path: string;
  basename: string;
  basenameNormalized: string;
  segments: string[];
}

export function directoryParameters(path: string): DirectoryParameters {
  const segments = path.split('/');
  const basename = segments.at(-1) ?? '';
  const basenameNormalized = basename
    .toLowerCase()
    .replace(/[^a-z0-9.-]/g, '-')
    .slice(0, 253);
  return { path, basename, basenameNormalized, segments };
}

/**
 * Fills in every text of a template.
 *
 * @param goTemplate `{{.path.basename}}` and its like, unknown ones are errors (`missingkey=error`); otherwise the older
 * `{{path.basename}}`, where unknown ones stay as they are
 * @throws Error naming the expression that is not supported
 */
export function renderTemplate<T>(template: T, parameters: DirectoryParameters, goTemplate: boolean): T {
  if (typeof template === 'string') {
    return template.replace(/\{\{(.*?)\}\}/gs, (all, expression: string) =>
      goTemplate ? goValue(expression.trim(), parameters) : (plainValue(expression.trim(), parameters) ?? all),
    ) as T;
  }
  if (Array.isArray(template)) return template.map((item) => renderTemplate(item, parameters, goTemplate)) as T;
  if (typeof template !== 'object' || template === null) return template;
  const entries = Object.entries(template).map(([key, value]) => [
    renderTemplate(key, parameters, goTemplate),
    renderTemplate(value, parameters, goTemplate),
  ]);
  return Object.fromEntries(entries) as T;
}

function goValue(expression: string, parameters: DirectoryParameters): string {
  const name = expression.replace(/^-\s*|\s*-$/g, '');
  const value = /^\.path\.(path|basename|basenameNormalized)$/.exec(name)?.[1];
  if (value !== undefined) return parameters[value as 'path' | 'basename' | 'basenameNormalized'];
  const index = /^index \.path\.segments (\d{1,3})$/.exec(name)?.[1];
  const segment = index === undefined ? undefined : parameters.segments[Number(index)];
  if (segment !== undefined) return segment;
  throw new Error(
    `failed to execute go template {{${expression}}}: map has no entry for this key, or it is not supported`,
  );
}

function plainValue(expression: string, parameters: DirectoryParameters): string | undefined {
  const index = /^path\[(\d{1,3})\]$/.exec(expression)?.[1];
  if (index !== undefined) return parameters.segments[Number(index)];
  const values: Record<string, string> = {
    path: parameters.path,
    'path.basename': parameters.basename,
    'path.basenameNormalized': parameters.basenameNormalized,
  };
  return values[expression];
}
