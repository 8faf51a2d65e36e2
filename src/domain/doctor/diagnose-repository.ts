import { type ParsedDeploymentsPolicy, parseDeploymentsPolicy } from '../parse-deployments-policy.ts';
import { fullName, type RepositoryName } from '../repository.ts';
import type { ScaffoldConflict } from '../scaffold/plan-scaffold.ts';
import { broken, type Diagnosis, type DoctorProblem, warning } from './diagnosis.ts';

/** Without these nothing is deployed. */
const ESSENTIAL = ['.github/workflows/build.yml', 'argocd/applicationset.yaml', 'base/namespace.yaml'];

/** The files whose presence `diagnoseRepository` looks at. */
export const REPOSITORY_PATHS: readonly string[] = [...ESSENTIAL, 'mcp-hosting.yml'];

/** @param options.files undefined for a repository without a commit */
export function diagnoseRepository(options: {
  repository: RepositoryName;
  files: Readonly<Record<string, string>> | undefined;
  /** What `mcp-hosting bootstrap` would change; undefined where it never ran. */
  outdated: { paths: readonly string[]; conflicts: readonly ScaffoldConflict[]; from: string } | undefined;
}): Diagnosis {
  const { repository, files, outdated } = options;
  const name = fullName(repository);
  const bootstrap = `npx mcp-hosting bootstrap --repository ${name} --domain <domain>`;
  if (!files) return { found: name, problems: [broken(`"${name}" has no commit.`, bootstrap)] };
  const missing = ESSENTIAL.filter((path) => files[path] === undefined);
  const problems: DoctorProblem[] = missing.map((path) => broken(`${path} is not on the default branch.`, bootstrap));
  if (outdated && outdated.paths.length > 0) {
    const count = outdated.paths.length === 1 ? '1 file differs' : `${outdated.paths.length} files differ`;
    const problem = `The scaffold is that of mcp-hosting ${outdated.from}; ${count} from this version's.`;
    problems.push(warning(problem, `npx mcp-hosting bootstrap --repository ${name}`));
  }
  if (!outdated && missing.length === 0) {
    problems.push(
      warning('The scaffold was not written by `mcp-hosting bootstrap`, so upgrades do not reach it.', bootstrap),
    );
  }
  return { found: `${name}, ${outdated ? `scaffold of ${outdated.from}` : 'no scaffold record'}`, problems };
}

export function diagnosePolicy(text: string | undefined): { diagnosis: Diagnosis; parsed: ParsedDeploymentsPolicy } {
  const parsed = parseDeploymentsPolicy(text ?? null);
  if (parsed.ok) {
    const { merge, ...rest } = parsed.policy;
    const found = [`merge: ${merge}`, ...Object.keys(rest)].join(', ');
    return { parsed, diagnosis: { found: text === undefined ? 'no mcp-hosting.yml: defaults' : found, problems: [] } };
  }
  const problems = parsed.problems.map(({ path, line, message }) =>
    broken(
      `mcp-hosting.yml, line ${line}${path === '' ? '' : ` (${path})`}: ${message}`,
      'Mend that line in the deployments repository.',
    ),
  );
  return { parsed, diagnosis: { found: 'mcp-hosting.yml is wrong', problems } };
}
