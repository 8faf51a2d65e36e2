import { Ajv, type ErrorObject, type JSONSchemaType } from 'ajv';

/** An object of a kind that a CustomResourceDefinition brings. */
export interface CustomResource<Spec> {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace: string;
    labels: Record<string, string>;
    annotations?: Record<string, string>;
  };
  spec: Spec;
}

/** A manifest that can say whether it holds to its schema. */
export interface ValidManifest {
  /** @throws Error when it does not */
  validate(): void;
  toJSON(): unknown;
}

/** As `ValidManifest`, for a manifest that people may have written. */
interface CheckedManifest extends ValidManifest {
  /** What in `spec` does not hold to the schema; empty when it does. */
  schemaErrors(): readonly ErrorObject[];
}

/**
 * A kind of custom resource with the fields that we write of it: unknown ones are refused, which the API server would
 * drop without a word.
 */
export function defineCustomResource<Spec>(options: {
  apiVersion: string;
  kind: string;
  spec: JSONSchemaType<Spec>;
}): (object: Pick<CustomResource<Spec>, 'metadata' | 'spec'>) => CustomResource<Spec> & CheckedManifest {
  const { apiVersion, kind } = options;
  const isValid = new Ajv({ allErrors: true, allowUnionTypes: true }).compile(options.spec as object);
  return ({ metadata, spec }) => {
    const resource = { apiVersion, kind, metadata, spec };
    return {
      ...resource,
      toJSON: () => resource,
      schemaErrors: () => (isValid(spec) ? [] : [...(isValid.errors ?? [])]),
      validate() {
        if (isValid(spec)) return;
        const [first] = isValid.errors ?? [];
        throw new Error(`Cannot write ${kind}: spec${first?.instancePath ?? ''} ${first?.message ?? 'is not valid'}`);
      },
    };
  };
}
