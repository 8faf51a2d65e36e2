import { createPrivateKeyJwtAuth, fetchToken, type OAuthTokens } from '@modelcontextprotocol/client';
import type { SignInRequest } from './sign-in-request.ts';
import type { ClientIdentity } from './sign-in-store.ts';

const PRIVATE_KEY_ALGORITHM_DEFAULT = 'ES256';

/** Asks the token endpoint by a grant that has no redirect. @throws OAuthError with the server's code */
export async function fetchGrantTokens(options: {
  request: SignInRequest;
  client: ClientIdentity;
  grant: Record<string, string>;
}): Promise<OAuthTokens> {
  const { request, client, grant } = options;
  const { server, scope, fetch, signIn } = request;
  const key = signIn.client?.privateKeyPem;
  return await fetchToken(
    {
      redirectUrl: undefined,
      clientMetadata: { redirect_uris: [] },
      clientInformation: () => ({ ...client, issuer: server.issuer }),
      prepareTokenRequest: () => new URLSearchParams(grant),
      ...(key !== undefined && {
        addClientAuthentication: createPrivateKeyJwtAuth({
          issuer: client.client_id,
          subject: client.client_id,
          privateKey: key,
          alg: signIn.client?.algorithm ?? PRIVATE_KEY_ALGORITHM_DEFAULT,
          audience: server.issuer,
        }),
      }),
      // The rest of the port belongs to flows that redirect, and to stores of the SDK's own.
      tokens: () => undefined,
      saveTokens: () => {},
      redirectToAuthorization: () => {},
      saveCodeVerifier: () => {},
      codeVerifier: () => '',
    },
    server.issuer,
    { metadata: server.metadata, resource: server.resource, ...(scope !== undefined && { scope }), fetchFn: fetch },
  );
}
