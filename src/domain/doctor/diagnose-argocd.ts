import { broken, type Diagnosis, type DoctorProblem, warning } from './diagnosis.ts';

/** The objects of `argocd/`, as far as they tell whether Argo CD follows the deployments repository. */
export interface ArgoCdObjects {
  /** undefined: it is not there. */
  applicationSet: { repositoryUrls: readonly string[]; errors: readonly string[] } | undefined;
  project: { repositoryUrls: readonly string[] } | undefined;
  base: { syncStatus: string; healthStatus: string; message: string | undefined } | undefined;
}

/** Words of Argo CD's own messages that are shown; they can hold whole manifests. */
const MESSAGE_CHARS_MAX = 300;

/** @param options.repositoryUrl clone URL of the deployments repository */
export function diagnoseArgoCd(options: {
  objects: ArgoCdObjects;
  repositoryUrl: string;
  namespace: string;
}): Diagnosis {
  const { objects, repositoryUrl, namespace } = options;
  const { applicationSet, project, base } = objects;
  const apply = 'kubectl apply -k argocd   # in a clone of the deployments repository';
  const problems: DoctorProblem[] = [];
  if (!applicationSet) problems.push(broken(`ApplicationSet "mcp-servers" is not in namespace "${namespace}".`, apply));
  else problems.push(...applicationSetProblems(applicationSet, repositoryUrl, apply));
  if (!project) problems.push(broken(`AppProject "mcp-servers" is not in namespace "${namespace}".`, apply));
  else if (!project.repositoryUrls.some((url) => url === '*' || isSameRepository(url, repositoryUrl))) {
    problems.push(broken(`AppProject "mcp-servers" does not admit ${repositoryUrl}.`, apply));
  }
  if (!base) problems.push(warning('Application "mcp-servers-base" is not there, so nobody follows base/.', apply));
  else if (base.syncStatus !== 'Synced' || base.healthStatus !== 'Healthy') {
    const why = base.message === undefined ? '' : `: ${base.message.slice(0, MESSAGE_CHARS_MAX)}`;
    const problem = `Application "mcp-servers-base" is ${base.syncStatus} and ${base.healthStatus}${why}, expected Synced and Healthy.`;
    problems.push(warning(problem, `kubectl -n ${namespace} describe application mcp-servers-base`));
  }
  return { found: applicationSet ? 'ApplicationSet and AppProject "mcp-servers"' : 'not set up', problems };
}

function applicationSetProblems(
  { repositoryUrls, errors }: NonNullable<ArgoCdObjects['applicationSet']>,
  repositoryUrl: string,
  apply: string,
): DoctorProblem[] {
  const follows = repositoryUrls.some((url) => isSameRepository(url, repositoryUrl));
  return [
    ...(follows
      ? []
      : [
          broken(
            `ApplicationSet "mcp-servers" follows ${repositoryUrls.join(', ') || 'nothing'}, expected ${repositoryUrl}.`,
            apply,
          ),
        ]),
    ...errors.map((error) =>
      broken(
        `ApplicationSet "mcp-servers" reports: ${error.slice(0, MESSAGE_CHARS_MAX)}`,
        'Give Argo CD access to the repository: a Secret in its namespace with the label argocd.argoproj.io/secret-type: repository.',
      ),
    ),
  ];
}

/** By https or ssh, with `.git` or without. */
function isSameRepository(left: string, right: string): boolean {
  const path = (url: string) => /([^/:]+\/[^/]+?)(?:\.git)?\/?$/.exec(url)?.[1]?.toLowerCase();
  return path(left) !== undefined && path(left) === path(right);
}
