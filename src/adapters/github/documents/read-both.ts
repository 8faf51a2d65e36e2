import { DEPLOYMENTS_REPOSITORY, DEPLOYMENTS_VARIABLES } from './deployments-repository.ts';
import { FILE_TEXT } from './file-text.ts';
import { SOURCE_FILES } from './source-files.ts';
import { SOURCE_REPOSITORY, SOURCE_VARIABLES } from './source-repository.ts';

/** Server repository and deployments repository of one installation in one request. */
export const READ_BOTH = `
query ReadBoth(${SOURCE_VARIABLES}, ${DEPLOYMENTS_VARIABLES}) {
  source: repository(owner: $owner, name: $name) { ...SourceRepository }
  deployments: repository(owner: $deploymentsOwner, name: $deploymentsName) { ...DeploymentsRepository }
}
${SOURCE_REPOSITORY}
${SOURCE_FILES}
${DEPLOYMENTS_REPOSITORY}
${FILE_TEXT}`;
