import { assertNever } from '../assert-never.ts';
import type { Drift, DriftDecision } from '../decide-drift.ts';
import { codeSpan } from './escape-markdown.ts';
import { DRIFT_MARKER } from './markers.ts';

/** Rows of the table; a wiped repository has thousands. */
const ROWS_MAX = 200;

/** The issue that lists what people have to look at: one, edited in place. */
export function renderDriftIssue({ reported, heldBack }: DriftDecision): { title: string; body: string } {
  const rows = reported.slice(0, ROWS_MAX).map((drift) => {
    const { serverId } = drift;
    const { what, cure } = explain(drift);
    return `| ${codeSpan(serverId, 63)} | ${what} | ${cure} |`;
  });
  const rest = reported.length - rows.length;
  const body = [
    `${DRIFT_MARKER}\nGit, the database and the cluster do not hold the same servers. What is safe to mend was mended; these are left:`,
    ['| server | what | do this |', '| --- | --- | --- |', ...rows].join('\n'),
    ...(rest > 0 ? [`And ${rest} more.`] : []),
    ...(heldBack > 0
      ? [
          `**${heldBack} overlays vanished at once**, so their servers were not taken for deleted: look whether the default branch is the right one.`,
        ]
      : []),
    '<sub>Looked at every few minutes; this issue is edited, and closed when nothing is left. Close it yourself and it stays closed until something else turns up.</sub>',
  ].join('\n\n');
  const number = reported.length;
  return { title: `Drift: ${number} difference${number === 1 ? '' : 's'} to look at`, body };
}

/** What the issue says once all is well. */
export function renderDriftEnd(): { title: string; body: string } {
  return {
    title: 'Drift: none',
    body: `${DRIFT_MARKER}\nGit, the database and the cluster hold the same servers again.`,
  };
}

/** Objects named of one server. */
const OBJECTS_MAX = 5;

function explain({ kind, serverId, objects = [] }: Drift): { what: string; cure: string } {
  const folder = codeSpan(`servers/${serverId}/`, 100);
  switch (kind) {
    case 'overlay-without-row':
      return {
        what: `${folder} is there, and mcp-hosting knows no such server`,
        cure: 'Remove the directory, or keep it and look after it yourself',
      };
    case 'overlay-of-deleted':
      return {
        what: `${folder} is there, and the server was deleted`,
        cure: 'Remove the directory, or comment `/host` in the server repository for a new server',
      };
    case 'row-without-overlay':
      return {
        what: `mcp-hosting has the server as deployed, and ${folder} is not there`,
        cure: 'Bring the directory back, or comment `/delete` in the server repository',
      };
    case 'overlay-without-application':
      return {
        what: `${folder} is there, and Argo CD has no Application for it`,
        cure: 'Look at the ApplicationSet `mcp-servers`: its conditions say why',
      };
    case 'application-without-overlay':
      return {
        what: `Argo CD has an Application, and ${folder} is not there`,
        cure: `Look at the Application ${codeSpan(`mcp-${serverId}`, 80)}: a finalizer may keep it`,
      };
    case 'application-out-of-sync': {
      const named = objects.slice(0, OBJECTS_MAX).map((object) => codeSpan(object, 100));
      return {
        what: `The cluster does not hold what ${folder} says${named.length > 0 ? `: ${named.join(', ')}` : ''}`,
        cure: `Argo CD mends that by itself, so something keeps it: look at the Application ${codeSpan(`mcp-${serverId}`, 80)}, its conditions, and whether its sync is automated`,
      };
    }
    case 'running-without-pods':
      return {
        what: 'mcp-hosting has the server as running, and no pod of it is there',
        cure: 'Comment `/start` or `/stop` in the server repository, or look at its Deployment',
      };
    case 'stopped-with-pods':
      return {
        what: `mcp-hosting has the server as stopped, and pods of it run, as ${folder} says`,
        cure: 'Comment `/stop` or `/start` in the server repository',
      };
    case 'secret-without-server':
      return {
        what: 'Secrets are there, and no such server is hosted',
        cure: `Look at them, then remove what nobody needs: ${codeSpan(`kubectl -n NAMESPACE get secret mcp-${serverId}-access mcp-${serverId}-env`, 250)}`,
      };
    default:
      return assertNever(kind);
  }
}
