import type { RepositoryName } from '../domain/repository.ts';
import type { Files } from '../domain/scaffold/render-scaffold.ts';
import {
  completeScaffoldOptions,
  type GivenScaffoldOptions,
  type ScaffoldOptions,
} from '../domain/scaffold/scaffold-options.ts';
import type { ScaffoldRecord } from '../domain/scaffold/scaffold-record.ts';
import { readOwnVersion, readScaffoldFiles } from '../scaffold-files.ts';
import type { CliSettings } from './settings.ts';

export interface BootstrapRequest {
  repository: RepositoryName;
  given: GivenScaffoldOptions;
  dryRun: boolean;
  settings: CliSettings;
}

/** What a run renders: this version's templates, for what was given now, else what the last run was given. */
export function completeBootstrap(
  { repository, given, settings }: BootstrapRequest,
  record: ScaffoldRecord | undefined,
): { templates: Files; options: ScaffoldOptions; given: GivenScaffoldOptions; version: string } {
  const version = readOwnVersion();
  const place = { repository, githubWebUrl: cloneBaseUrl(settings), version };
  const all = { ...record?.options, ...given };
  return { templates: readScaffoldFiles(), options: completeScaffoldOptions(place, all), given: all, version };
}

/** Where Argo CD clones from: what is set, else the web address of the GitHub whose API is set. */
function cloneBaseUrl({ gitUrl, githubUrl }: CliSettings): string {
  if (gitUrl) return gitUrl;
  return githubUrl === 'https://api.github.com' ? 'https://github.com' : githubUrl.replace(/\/api\/v3$/, '');
}
