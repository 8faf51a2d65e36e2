/** One mutation of a document: its own alias, so that its result and its problems can be told from the others'. */
export interface MutationPart {
  alias: string;
  /** A field of GitHub's `Mutation`, with the type of its `input` and what is selected of its payload: constants. */
  field: MutationField;
  input: object;
}

export interface MutationField {
  name: string;
  inputType: string;
  selection: string;
}

/**
 * Several mutations in one request. GitHub runs them in order and goes on after one that failed, so every caller looks
 * at each part's problems. Only constants are joined to the document; all values travel as variables.
 */
export function composeMutation(
  operation: string,
  parts: readonly MutationPart[],
): { document: string; variables: Record<string, unknown> } {
  const variables = parts.map(({ alias, field }) => `$${alias}: ${field.inputType}!`).join(', ');
  const fields = parts.map(({ alias, field }) => `  ${alias}: ${field.name}(input: $${alias}) ${field.selection}`);
  return {
    document: `mutation ${operation}(${variables}) {\n${fields.join('\n')}\n}`,
    variables: Object.fromEntries(parts.map((part) => [part.alias, part.input])),
  };
}
