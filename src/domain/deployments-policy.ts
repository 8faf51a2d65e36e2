/** What the deployments repository's `mcp-hosting.yml` says, for every server alike. An absent key: its default. */
export interface DeploymentsPolicy {
  /** `review`: people merge deployment pull requests. `auto`: mcp-hosting merges them. */
  merge: 'review' | 'auto';
  route?: {
    /** What carries out the routes; its own policy objects or annotations are used then. */
    implementation?: RouteImplementation;
    /** Secret of the namespace with a wildcard certificate: Ingresses use it instead of one certificate each. */
    wildcardSecret?: string;
    /** cert-manager's ClusterIssuer for the certificates of custom domains. */
    clusterIssuer?: string;
  };
  /** Registries that images may come from beside the installation's own: a host, perhaps with a path. */
  registries?: string[];
  /** Names, or `*.` and a name, that servers may take as domains of their own. Absent: none. */
  customDomains?: string[];
  scaling?: {
    /** Servers may ask for a HorizontalPodAutoscaler. */
    auto?: boolean;
    /** The Prometheus adapter serves the wrapper's request rate per pod. */
    requestMetric?: boolean;
    /** KEDA and its HTTP add-on are installed. */
    toZero?: boolean;
  };
  secrets?: {
    /** What servers have that say nothing. Absent: `cluster`. */
    default?: 'cluster' | 'external';
    /** A store of the External Secrets Operator. Absent: `external` is not offered. `kind` absent: ClusterSecretStore. */
    store?: { name: string; kind?: 'SecretStore' | 'ClusterSecretStore' };
    /** Where the store keeps the values of a server, with `{server-id}`. Absent: `mcp-servers/{server-id}`. */
    path?: string;
  };
  /** Prometheus scrapes the port `metrics` of every server's pods. */
  monitoring?: boolean;
  /** Public addresses of the cluster's own nodes, pods and Services: no server that lists its networks is let out to them. */
  clusterRanges?: string[];
  /** Nodes with this label, and a taint of the same key and value, are the servers' own. */
  nodePool?: { label: string; value: string };
  /** A RuntimeClass of the cluster, such as `gvisor`. */
  runtimeClass?: string;
  /** `false`: each pod has a user namespace of its own. */
  hostUsers?: boolean;
  /** Host, and perhaps a path, that takes the place of the registry's host in every image. */
  registryMirror?: string;
}

export type RouteImplementation = 'envoy-gateway' | 'nginx' | 'other';

/** The part of the policy that overlays are rendered by. */
export type OverlayPolicy = Omit<DeploymentsPolicy, 'merge' | 'registries'>;
