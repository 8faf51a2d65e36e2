import type { Hub } from '../hub.ts';
import type { Account, Reaction, ReactionContent, Repository } from '../store/entities.ts';

/** A person's reaction of one kind, which exists once however often it is given. */
export function addReaction(
  hub: Hub,
  repository: Repository,
  subject: { reactions: Reaction[] },
  sender: Account,
  content: ReactionContent,
): { reaction: Reaction; created: boolean } {
  const known = subject.reactions.find((one) => one.accountId === sender.id && one.content === content);
  if (known) return { reaction: known, created: false };
  const reaction = { id: hub.store.nextId(), accountId: sender.id, content, createdAt: hub.now() };
  subject.reactions.push(reaction);
  hub.store.touch(repository);
  return { reaction, created: true };
}
