import { micromark } from 'micromark';
import { gfm, gfmHtml } from 'micromark-extension-gfm';

/** What a reader of Markdown on GitHub gets, as far as a stranger could have changed it. */
export interface RenderedMarkdown {
  /** Opening tags in order, with how often each occurs. */
  tags: Record<string, number>;
  links: string[];
  comments: string[];
  /** Text outside code and links, where GitHub looks for mentions, references and addresses. */
  plainText: string;
  /** Texts of the code spans and blocks. */
  code: string[];
}

/** Renders by a GFM parser with raw HTML let through, as GitHub does before it cleans up. */
export function renderedMarkdown(markdown: string): RenderedMarkdown {
  const html = micromark(markdown, { extensions: [gfm()], htmlExtensions: [gfmHtml()], allowDangerousHtml: true });
  const comments = [...html.matchAll(/<!--.*?-->/gs)].map(([comment]) => comment);
  const visible = html.replace(/<!--.*?-->/gs, '');
  const tags: Record<string, number> = {};
  for (const [, name = ''] of visible.matchAll(/<([a-zA-Z][^\s>/]*)/g)) tags[name] = (tags[name] ?? 0) + 1;
  const code = [...visible.matchAll(/<code[^>]*>(.*?)<\/code>/gs)].map(([, text = '']) => decode(text));
  const plain = visible.replace(/<code[^>]*>.*?<\/code>/gs, ' ').replace(/<a [^>]*>.*?<\/a>/gs, ' ');
  return {
    tags,
    links: [...visible.matchAll(/<a href="([^"]*)"/g)].map(([, href = '']) => decode(href)),
    comments,
    plainText: decode(plain.replace(/<[^>]*>/g, ' ')),
    code,
  };
}

function decode(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}
