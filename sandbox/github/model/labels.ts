import { invalidField } from '../github-error.ts';
import type { Hub } from '../hub.ts';
import type { Label, Repository } from '../store/entities.ts';

const NAME_CHARACTERS_MAX = 50;

/** Finds a label by name, in any case of letters, or makes it: using an unknown label on an issue creates it. */
export function ensureLabel(hub: Hub, repository: Repository, name: string): Label {
  const known = repository.labels.find((label) => label.name.toLowerCase() === name.toLowerCase());
  if (known) return known;
  if (name === '' || name.length > NAME_CHARACTERS_MAX) {
    throw invalidField('Label', 'name', `name is too long (maximum is ${NAME_CHARACTERS_MAX} characters)`);
  }
  const label = { id: hub.store.nextId(), name, color: 'ededed', description: null };
  repository.labels.push(label);
  hub.store.touch(repository);
  return label;
}
