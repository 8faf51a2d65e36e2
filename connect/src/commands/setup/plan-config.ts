import { isWholeUrl } from '../../config/endpoint.ts';
import { type GivenOptions, type OptionName, parseOption } from '../../config/options.ts';

/** What setup learned that the client's process will have to know. */
export interface Learned {
  target: string;
  /** Options as they were given on the command line and in the environment; `url` stands for `domain` too. */
  options: GivenOptions;
  key: string | undefined;
  /** Where the key goes. */
  keyPlace: 'file' | 'keychain';
}

type Json = Record<string, unknown>;

/**
 * The config file with what was learned. A URL template is for all servers, unless the file has another one already.
 * @param text the file as it is, which was read without a problem before
 */
export function planConfig(text: string | undefined, learned: Learned): string {
  const before: Json = text === undefined ? {} : JSON.parse(text.replace(/^\uFEFF/, ''));
  const after: Json = { ...before };
  const { target, key, keyPlace } = learned;
  const { domain, url, ...options } = learned.options;
  const own: Json = Object.fromEntries(
    (Object.entries(options) as [OptionName, readonly string[]][]).map(([name, texts]) => [
      name,
      typedValue(name, texts),
    ]),
  );
  const template = url?.at(-1) ?? (domain && `https://{server-id}.mcp.${domain.at(-1)}/mcp`);
  if (template !== undefined && !isWholeUrl(target)) {
    if (before.url === undefined && before.domain === undefined && template.includes('{')) after.url = template;
    else if (before.url !== template) own.url = template;
  }
  if (Object.keys(own).length > 0) {
    const servers = (before.servers ?? {}) as Record<string, Json>;
    after.servers = { ...servers, [target]: { ...servers[target], ...own } };
  }
  if (key !== undefined)
    Object.assign(after, keyPlace === 'file' ? withKey(before, target, key) : listed(before, target));
  if (JSON.stringify(after) === JSON.stringify(before)) return text ?? '';
  return `${JSON.stringify(after, undefined, 2)}\n`;
}

function withKey(before: Json, target: string, key: string): Json {
  return { keys: { ...(before.keys as Json | undefined), [target]: key } };
}

/** The keychain has the key from now on, so the file lets go of its own. */
function listed(before: Json, target: string): Json {
  const { [target]: _, ...keys } = (before.keys ?? {}) as Json;
  const names = new Set([...((before.keychain ?? []) as string[]), target]);
  return { ...(before.keys !== undefined && { keys }), keychain: [...names] };
}

function typedValue(name: OptionName, texts: readonly string[]): unknown {
  const parsed = parseOption(name, texts);
  return 'value' in parsed ? parsed.value : texts.at(-1);
}
