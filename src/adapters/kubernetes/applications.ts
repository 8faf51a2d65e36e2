import type { Applications } from '../../ports/cluster.ts';
import type { Log } from '../../ports/log.ts';
import { absentAsUndefined } from './absent-as-undefined.ts';
import { asMergePatch, type ClusterClient } from './cluster-client.ts';
import { APPLICATIONS, listApplications } from './list-applications.ts';
import { parseApplication } from './parse-application.ts';
import { watchApplications } from './watch-applications.ts';

const APPLICATION_SET = { group: 'argoproj.io', version: 'v1alpha1', plural: 'applicationsets', name: 'mcp-servers' };

const REFRESH_APPLICATION = { 'argocd.argoproj.io/refresh': 'normal' };
const REFRESH_APPLICATION_SET = { 'argocd.argoproj.io/application-set-refresh': 'true' };

export function createApplications(client: ClusterClient, namespace: string, log: Log): Applications {
  return {
    async list() {
      const { applications } = await listApplications(client, namespace);
      return applications;
    },
    async read(serverId) {
      const object: unknown = await absentAsUndefined(
        client.call(`read the Application of "${serverId}"`, (options) =>
          client.objects.getNamespacedCustomObject({ ...APPLICATIONS, namespace, name: `mcp-${serverId}` }, options),
        ),
      );
      return object === undefined ? undefined : parseApplication(object);
    },
    watch: (options) => watchApplications(client, namespace, log, options),
    async refresh(serverId) {
      const application = { ...APPLICATIONS, namespace, name: `mcp-${serverId}` };
      await annotate(client, application, REFRESH_APPLICATION);
      // Whether the Application must be made or must go, only the ApplicationSet knows.
      const known = await annotate(client, { ...APPLICATION_SET, namespace }, REFRESH_APPLICATION_SET);
      if (!known) log.warn({ applicationSet: APPLICATION_SET.name, namespace }, 'ApplicationSet is not there');
    },
  };
}

type ObjectName = { group: string; version: string; namespace: string; plural: string; name: string };

/** @returns false where the object does not exist */
async function annotate(client: ClusterClient, object: ObjectName, annotations: object): Promise<boolean> {
  const patched = await absentAsUndefined(
    client.call(`refresh "${object.name}" of Argo CD`, (options) =>
      client.objects.patchNamespacedCustomObject(
        { ...object, body: { metadata: { annotations } } },
        asMergePatch(options),
      ),
    ),
  );
  return patched !== undefined;
}
