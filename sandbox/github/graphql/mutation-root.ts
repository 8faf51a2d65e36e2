import type { GraphqlContext } from './context.ts';
import { conversationMutations } from './conversation-mutations.ts';
import { pullRequestMutations } from './pull-request-mutations.ts';
import { refMutations } from './ref-mutations.ts';
import { reportMutations } from './report-mutations.ts';

/** A mutation takes `{input}` and gives its payload, to which the caller's `clientMutationId` is added. */
export type Mutations = Record<string, (input: never) => unknown>;

export function mutationRoot(context: GraphqlContext) {
  const mutations: Mutations = {
    ...conversationMutations(context),
    ...reportMutations(context),
    ...refMutations(context),
    ...pullRequestMutations(context),
  };
  return Object.fromEntries(
    Object.entries(mutations).map(([name, mutate]) => [
      name,
      async ({ input }: { input: { clientMutationId?: string | null } }) => ({
        clientMutationId: input.clientMutationId ?? null,
        ...((await mutate(input as never)) as object),
      }),
    ]),
  );
}
