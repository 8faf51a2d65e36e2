import type { Hub } from '../hub.ts';
import type { Reaction, ReactionContent } from '../store/entities.ts';
import { nodeId } from '../store/node-id.ts';
import { viewUser } from './user.ts';

const REACTIONS: readonly ReactionContent[] = ['+1', '-1', 'laugh', 'hooray', 'confused', 'heart', 'rocket', 'eyes'];

/** GitHub's `reaction-rollup`: how many there are of each. */
export function viewReactionCounts(url: string, reactions: readonly Reaction[]) {
  const counts = REACTIONS.map((content) => [content, reactions.filter((one) => one.content === content).length]);
  return { url: `${url}/reactions`, total_count: reactions.length, ...Object.fromEntries(counts) };
}

export function viewReaction(hub: Hub, reaction: Reaction) {
  return {
    id: reaction.id,
    node_id: nodeId('Reaction', reaction.id),
    user: viewUser(hub, hub.store.account(reaction.accountId)),
    content: reaction.content,
    created_at: reaction.createdAt,
  };
}
