import { fetchGrantTokens } from './fetch-grant-tokens.ts';
import { obtainClient } from './obtain-client.ts';
import type { SignInRequest, SignInResult } from './sign-in-request.ts';

/** Signs in a program that was registered by hand (ext-auth, OAuth client credentials; RFC 6749, 4.4). */
export async function signInByClientCredentials(request: SignInRequest): Promise<SignInResult> {
  const client = await obtainClient({ ...request, redirectUri: '' });
  const { scope } = request;
  const grant = { grant_type: 'client_credentials', ...(scope !== undefined && { scope }) };
  return { tokens: await fetchGrantTokens({ request, client, grant }), client };
}
