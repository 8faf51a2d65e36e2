/** The Service of KEDA's HTTP add-on that requests go through while a server may be at zero (its Helm chart's names). */
export const INTERCEPTOR = { name: 'keda-add-ons-http-interceptor-proxy', namespace: 'keda', port: 8080 } as const;

/** Where KEDA asks for the number of open requests. */
export const EXTERNAL_SCALER_ADDRESS = 'keda-add-ons-http-external-scaler.keda:9090';

/** Argo CD applies lower waves first: KEDA asks for the InterceptorRoute as soon as it sees the ScaledObject. */
export const SYNC_WAVE_ANNOTATION = 'argocd.argoproj.io/sync-wave';
export const INTERCEPTOR_ROUTE_WAVE = '-1';
export const SCALED_OBJECT_WAVE = '1';

/** KEDA's own hold: while it is there, KEDA keeps exactly that many pods, whatever is requested. */
export const PAUSED_REPLICAS_ANNOTATION = 'autoscaling.keda.sh/paused-replicas';
