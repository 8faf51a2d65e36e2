import type { KubeObject } from './kube-object.ts';
import type { ResourceType } from './resource-type.ts';

/** One change of one object. */
export interface StoreEvent {
  type: 'ADDED' | 'MODIFIED' | 'DELETED';
  resource: ResourceType;
  object: KubeObject;
  /** As it was before; absent for ADDED. */
  previous?: KubeObject;
  version: number;
}
