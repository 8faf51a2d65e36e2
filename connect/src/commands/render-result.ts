import { isObject } from '../bridge/json-rpc.ts';

/** The texts of a tool's result; what is no text is told of. */
export function renderResult(
  result: unknown,
  { print, note }: { print: (text: string) => void; note: (text: string) => void },
): void {
  const content = isObject(result) && Array.isArray(result.content) ? result.content : [];
  for (const block of content) {
    const text = textOf(block);
    if (text !== undefined) print(text.endsWith('\n') ? text : `${text}\n`);
    else note(`(${describe(block)}: --json prints it)\n`);
  }
  if (content.length > 0 || !isObject(result)) return;
  if (result.structuredContent === undefined) note('The tool said nothing.\n');
  else print(`${JSON.stringify(result.structuredContent, undefined, 2)}\n`);
}

function textOf(block: unknown): string | undefined {
  if (!isObject(block)) return undefined;
  if (block.type === 'text' && typeof block.text === 'string') return block.text;
  const { resource } = block;
  return block.type === 'resource' && isObject(resource) && typeof resource.text === 'string'
    ? resource.text
    : undefined;
}

function describe(block: unknown): string {
  if (!isObject(block)) return 'something that is no content';
  if (block.type === 'resource_link') return `link to ${block.uri}`;
  return [block.type, block.mimeType].filter((part) => typeof part === 'string').join(', ');
}
