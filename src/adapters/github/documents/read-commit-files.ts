import { FILE_TEXT } from './file-text.ts';
import { SOURCE_FILES } from './source-files.ts';

/** The same files at a given commit, for a pull request whose list of commits does not end in its head. */
export const READ_COMMIT_FILES = `
query ReadCommitFiles($owner: String!, $name: String!, $oid: GitObjectID!) {
  repository(owner: $owner, name: $name) {
    object(oid: $oid) { ... on Commit { ...SourceFiles } }
  }
}
${SOURCE_FILES}
${FILE_TEXT}`;
