/** One server-sent event. */
export interface StreamEvent {
  id: string | undefined;
  retry: number | undefined;
  data: string;
}

/** Opens an event stream and gives its events as they come. */
export async function openEvents(
  url: string,
  init: RequestInit,
): Promise<AsyncIterator<StreamEvent, undefined> & { close(): void }> {
  const controller = new AbortController();
  const response = await fetch(url, { ...init, signal: controller.signal });
  if (!response.ok || !response.body) throw new Error(`${init.method} answered ${response.status}`);
  return Object.assign(readStream(response.body), { close: () => controller.abort() });
}

async function* readStream(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent, undefined> {
  let rest = '';
  const decoder = new TextDecoder();
  for await (const chunk of body) {
    const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
    rest = blocks.pop() ?? '';
    for (const block of blocks) if (!block.startsWith(':')) yield parseEvent(block);
  }
  return undefined;
}

function parseEvent(block: string): StreamEvent {
  const field = (name: string): string | undefined =>
    block
      .split('\n')
      .find((line) => line.startsWith(`${name}:`))
      ?.slice(name.length + 1)
      .trim();
  const retry = field('retry');
  return { id: field('id'), retry: retry === undefined ? undefined : Number(retry), data: field('data') ?? '' };
}
