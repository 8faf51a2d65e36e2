/** A repository on the forge, as GitHub names it. */
export interface RepositoryName {
  owner: string;
  name: string;
}

/** `owner/name`. */
export function fullName(repository: RepositoryName): string {
  return `${repository.owner}/${repository.name}`;
}

/** @returns undefined when the text is not `owner/name` by GitHub's own rules (39 and 100 characters at most). */
export function parseRepositoryName(text: string): RepositoryName | undefined {
  const match = /^([A-Za-z0-9](?:[A-Za-z0-9-]{0,38}))\/([A-Za-z0-9._-]{1,100})$/.exec(text);
  if (!match?.[1] || !match[2] || match[2] === '.' || match[2] === '..') return undefined;
  return { owner: match[1], name: match[2] };
}
