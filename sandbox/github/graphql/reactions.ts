import type { Reaction, ReactionContent } from '../store/entities.ts';
import { nodeId } from '../store/node-id.ts';
import { accountNodeById } from './accounts.ts';
import { type ConnectionArguments, connection } from './connections.ts';
import type { GraphqlContext } from './context.ts';

const GRAPHQL_NAMES: Record<ReactionContent, string> = {
  '+1': 'THUMBS_UP',
  '-1': 'THUMBS_DOWN',
  laugh: 'LAUGH',
  hooray: 'HOORAY',
  confused: 'CONFUSED',
  heart: 'HEART',
  rocket: 'ROCKET',
  eyes: 'EYES',
};

export function reactionContent(name: string): ReactionContent {
  const found = Object.entries(GRAPHQL_NAMES).find(([, graphqlName]) => graphqlName === name);
  if (!found) throw new Error(`Cannot read reaction "${name}": unknown, expected one of the schema's`);
  return found[0] as ReactionContent;
}

export function reactionNode({ hub }: GraphqlContext, reaction: Reaction) {
  return {
    __typename: 'Reaction',
    id: nodeId('Reaction', reaction.id),
    databaseId: reaction.id,
    content: GRAPHQL_NAMES[reaction.content],
    createdAt: reaction.createdAt,
    user: () => accountNodeById(hub, reaction.accountId),
  };
}

/** The fields of `Reactable`. */
export function reactableFields(context: GraphqlContext, reactions: readonly Reaction[]) {
  return {
    viewerCanReact: true,
    reactions: (args: ConnectionArguments & { content?: string | null }) => {
      const matching = reactions.filter((one) => !args.content || GRAPHQL_NAMES[one.content] === args.content);
      return { ...connection(matching, args, (one) => reactionNode(context, one)), viewerHasReacted: false };
    },
    reactionGroups: () =>
      Object.entries(GRAPHQL_NAMES).map(([content, name]) => {
        const ofKind = reactions.filter((one) => one.content === content);
        return {
          content: name,
          createdAt: ofKind[0]?.createdAt ?? null,
          viewerHasReacted: false,
          reactors: (args: ConnectionArguments) =>
            connection(ofKind, args, (one) => accountNodeById(context.hub, one.accountId)),
        };
      }),
  };
}
