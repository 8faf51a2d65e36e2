import { appendFileSync } from 'node:fs';

/** What the person in front of the browser does: signs in and consents, declines, or looks elsewhere. */
export type Person = 'consents' | 'declines' | 'sleeps';

/** Opens a URL as a browser does: cookies, redirects, forms. Returns the last page. */
export async function browse(start: string, person: Person): Promise<{ url: string; status: number; text: string }> {
  const cookies = new Map<string, string>();
  let url = start;
  let form: URLSearchParams | undefined;
  for (let steps = 0; steps < 30; steps += 1) {
    const res = await fetch(url, {
      method: form ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      ...(form && { body: form }),
    });
    form = undefined;
    for (const line of res.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (name !== undefined && value !== undefined) cookies.set(name, value);
    }
    const location = res.headers.get('location');
    const text = await res.text();
    if (location !== null) {
      url = new URL(location, url).href;
      continue;
    }
    const next = nextForm(text, person);
    if (!next) return { url, status: res.status, text };
    url = new URL(next.action, url).href;
    form = next.fields;
  }
  throw new Error(`the sign-in does not end: ${url}`);
}

function nextForm(text: string, person: Person): { action: string; fields: URLSearchParams | undefined } | undefined {
  const action = /<form[^>]* action="([^"]+)"/.exec(text)?.[1];
  if (action === undefined) return undefined;
  const abort = /href="([^"]+\/abort)"/.exec(text)?.[1];
  if (person === 'declines' && abort !== undefined) return { action: abort, fields: undefined };
  const hidden = [...text.matchAll(/<input[^>]*type="hidden"[^>]*>/g)].map(([input]): [string, string] => [
    /name="([^"]*)"/.exec(input)?.[1] ?? '',
    /value="([^"]*)"/.exec(input)?.[1] ?? '',
  ]);
  return { action, fields: new URLSearchParams([...hidden, ['login', 'sam'], ['password', 'any']]) };
}

// As a program it is what `xdg-open` starts: it notes the tab, then does what the person does.
if (process.env.FAKE_BROWSER_TABS && process.argv[2]) {
  appendFileSync(process.env.FAKE_BROWSER_TABS, `${process.argv[2]}\n`);
  const person = (process.env.FAKE_BROWSER_PERSON ?? 'consents') as Person;
  if (person !== 'sleeps') {
    const page = await browse(process.argv[2], person);
    appendFileSync(`${process.env.FAKE_BROWSER_TABS}.pages`, page.text);
  }
}
