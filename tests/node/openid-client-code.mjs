// openid-client as a web application uses it: discovery, the code flow with PKCE, userInfo, refresh, sign-out.
import * as client from 'openid-client';
import { answer, given } from './given.mjs';

const config = await client.discovery(
  new URL(given.issuer),
  given.clientId,
  given.clientSecret,
  undefined,
  { execute: [client.allowInsecureRequests] },
);
const pkceCodeVerifier = client.randomPKCECodeVerifier();
const expectedState = client.randomState();
const expectedNonce = client.randomNonce();
const address = client.buildAuthorizationUrl(config, {
  redirect_uri: given.redirectUri,
  scope: 'openid email',
  code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
  code_challenge_method: 'S256',
  state: expectedState,
  nonce: expectedNonce,
});
// The browser, which is signed in.
const answered = await fetch(address, { redirect: 'manual', headers: { cookie: given.cookie } });
const location = new URL(answered.headers.get('location'));
const checks = { pkceCodeVerifier, expectedState, expectedNonce };
const tokens = await client.authorizationCodeGrant(config, location, checks);
const claims = tokens.claims();
answer({
  claims,
  info: await client.fetchUserInfo(config, tokens.access_token, claims.sub),
  fresh: Boolean((await client.refreshTokenGrant(config, tokens.refresh_token)).access_token),
  logout: client.buildEndSessionUrl(config, { id_token_hint: tokens.id_token }).href,
});
