/** Compares repository URLs as Argo CD does: `https://github.com/acme/x.git` is `git@github.com:Acme/x`. */
export function isSameRepository(a: string, b: string): boolean {
  return normalRepositoryUrl(a) === normalRepositoryUrl(b);
}

function normalRepositoryUrl(url: string): string {
  const scp = /^(?:[\w.-]+@)?([\w.-]+):(?!\/\/)(.+)$/.exec(url);
  const withoutScheme = scp === null ? url.replace(/^[a-z+]+:\/\/(?:[^@/]*@)?/i, '') : `${scp[1]}/${scp[2]}`;
  return withoutScheme
    .toLowerCase()
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
}
