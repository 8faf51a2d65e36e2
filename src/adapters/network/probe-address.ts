/** What an address answered. */
export interface AddressAnswer {
  status: number;
  contentType: string;
}

/** One GET, its body not read. @returns undefined where nothing answers, the name does not resolve or TLS fails */
export async function probeAddress(address: URL, timeoutMs: number): Promise<AddressAnswer | undefined> {
  try {
    const response = await fetch(address, { redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) });
    await response.body?.cancel();
    return { status: response.status, contentType: response.headers.get('content-type') ?? '' };
  } catch {
    // Whatever the reason: nobody there speaks HTTP with us.
    return undefined;
  }
}
