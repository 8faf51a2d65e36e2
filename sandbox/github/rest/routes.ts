import { actionsRoutes } from './actions.ts';
import { appRoutes } from './apps.ts';
import { checkRunRoutes } from './check-runs.ts';
import { collaboratorRoutes } from './collaborators.ts';
import { commitRoutes } from './commits.ts';
import { contentRoutes } from './contents.ts';
import { deploymentRoutes } from './deployments.ts';
import { dispatchRoutes } from './dispatches.ts';
import { gitDataRoutes } from './git-data.ts';
import { hookDeliveryRoutes } from './hook-deliveries.ts';
import { hookRoutes } from './hooks.ts';
import { issueRoutes } from './issues.ts';
import { labelRoutes } from './labels.ts';
import { metaRoutes } from './meta.ts';
import { pullRoutes } from './pulls.ts';
import { reactionRoutes } from './reactions.ts';
import { repositoryRoutes } from './repositories.ts';
import type { Routes } from './route.ts';
import { userRoutes } from './users.ts';

/** Every REST operation that is served, by method and path as in GitHub's OpenAPI description. */
export const restRoutes: Routes = {
  ...actionsRoutes,
  ...appRoutes,
  ...checkRunRoutes,
  ...collaboratorRoutes,
  ...commitRoutes,
  ...contentRoutes,
  ...deploymentRoutes,
  ...dispatchRoutes,
  ...gitDataRoutes,
  ...hookDeliveryRoutes,
  ...hookRoutes,
  ...issueRoutes,
  ...labelRoutes,
  ...metaRoutes,
  ...pullRoutes,
  ...reactionRoutes,
  ...repositoryRoutes,
  ...userRoutes,
};
