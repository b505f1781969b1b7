// openid-client: discovery at the issuer, then the client_credentials grant by each way to authenticate.
import * as client from 'openid-client';
import { answer, attempt, given } from './given.mjs';

async function grant(authentication, parameters) {
  const config = await client.discovery(
    new URL(given.issuer),
    given.clientId,
    undefined,
    authentication,
    { execute: [client.allowInsecureRequests] },
  );
  return client.clientCredentialsGrant(config, parameters);
}

const { ClientSecretBasic, ClientSecretPost } = client;
const scope = given.scope;

answer({
  basic: await attempt(() => grant(ClientSecretBasic(given.clientSecret), { scope })),
  post: await attempt(() => grant(ClientSecretPost(given.clientSecret), { scope })),
  allScopes: await attempt(() => grant(ClientSecretBasic(given.clientSecret), {})),
  wrongSecret: await attempt(() => grant(ClientSecretBasic('wrong'), { scope })),
  wrongScope: await attempt(() => grant(ClientSecretPost(given.clientSecret), { scope: 'no/such' })),
});
