import type { ApplicationState } from '../../domain/cluster-state.ts';
import type { ClusterClient } from './cluster-client.ts';
import { LIST_PAGE } from './cluster-limits.ts';
import { field, type Json, parseApplication, resourceVersionOf } from './parse-application.ts';

export const APPLICATIONS = { group: 'argoproj.io', version: 'v1alpha1', plural: 'applications' } as const;

/** Pages of a list; more Applications than that want a shard of their own. */
const PAGES_MAX = 40;

export interface ApplicationList {
  applications: ApplicationState[];
  /** Where a watch begins. */
  resourceVersion: string | undefined;
}

/** Every Application of the namespace, read in pages. */
export async function listApplications(client: ClusterClient, namespace: string): Promise<ApplicationList> {
  const applications: ApplicationState[] = [];
  let next: string | undefined;
  let resourceVersion: string | undefined;
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const list: Json = await client.call('list the Applications of Argo CD', (options) =>
      client.objects.listNamespacedCustomObject(
        { ...APPLICATIONS, namespace, limit: LIST_PAGE, ...(next === undefined ? {} : { _continue: next }) },
        options,
      ),
    );
    const found = field(list, 'items');
    // Of a page only what is kept outlives it: thousands of whole objects would be tens of megabytes.
    if (Array.isArray(found)) applications.push(...found.map(parseApplication).filter((each) => each !== undefined));
    resourceVersion = resourceVersionOf(list);
    const continued = field(field(list, 'metadata'), 'continue');
    if (typeof continued !== 'string' || continued === '') break;
    next = continued;
  }
  return { applications, resourceVersion };
}
