// node's oidc-provider as it comes, with people who sign in by their name alone, and a hand between it and the wire
// that changes what it answers as the test says.
import { createHash, generateKeyPairSync, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import { decodeJwt, importJWK, SignJWT } from 'jose';
import Provider from 'oidc-provider';
import { listen, takeOrders } from './orders.mjs';

let callback;
let provider;
let keys;
let changes = {};
const seen = [];
const server = createServer((request, response) => callback(request, response));
const issuer = await listen(server);

function newKeys() {
  const kinds = [['rsa', { modulusLength: 2048 }], ['ec', { namedCurve: 'P-256' }], ['ed25519', {}]];
  keys = kinds.map(([kind, options]) => ({
    ...generateKeyPairSync(kind, options).privateKey.export({ format: 'jwk' }),
    use: 'sig',
    kid: randomUUID(),
  }));
}

function start({ clients, settings = {}, lifetimes = {}, ...rest }) {
  if (rest.newKeys || !keys) newKeys();
  provider = new Provider(issuer, {
    clients,
    jwks: { keys },
    acrValues: ['low', 'high'],
    claims: { acr: null, auth_time: null, email: ['email', 'email_verified'], iss: null, openid: ['sub'], sid: null },
    cookies: { keys: ['of the test'] },
    enabledJWA: { idTokenSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA', 'Ed25519', 'HS256'] },
    pairwiseIdentifier: (_, id, client) => createHash('sha256').update(`${client.clientId} ${id}`).digest('hex'),
    pkce: { required: () => true },
    ttl: { Session: 3600, Interaction: 600, Grant: 600, ...lifetimes },
    findAccount: (_, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@provider.example`, email_verified: true }),
    }),
    interactions: { url: (_, interaction) => `/sign-in/${interaction.uid}` },
    loadExistingGrant: consented,
    ...settings,
    features: { devInteractions: { enabled: false }, ...settings.features },
  });
  provider.use(meddle);
  provider.on('server_error', (_, error) => console.error(error));
  const speak = provider.callback();
  callback = (request, response) => {
    seen.push(request.url);
    return request.url.startsWith('/sign-in/') ? signIn(request, response) : speak(request, response);
  };
}

// Whoever signs in agrees to all that was asked.
async function consented(context) {
  const { account, client, params } = context.oidc;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: account.accountId });
  grant.addOIDCScope(params.scope);
  await grant.save();
  return grant;
}

async function signIn(request, response) {
  if (request.method === 'GET') {
    response.setHeader('content-type', 'text/html');
    response.end('<link rel=icon href="data:,"><title>Sign in elsewhere</title><form method=post><input name=name>'
      + '<input name=acr><button name=go value=in>Sign in</button><button name=go value=away>Cancel</button></form>');
    return;
  }
  let body = '';
  for await (const part of request) body += part;
  const { go, name, acr } = Object.fromEntries(new URLSearchParams(body));
  const result = go === 'away'
    ? { error: 'access_denied', error_description: 'Ada went away' }
    : { login: { accountId: name, ...(acr ? { acr, amr: ['pwd'] } : {}) } };
  await provider.interactionFinished(request, response, result);
}

async function meddle(context, next) {
  await next();
  const change = changes[context.path];
  if (!change) return;
  if (change.forget) await (await provider.AccessToken.find(context.body.access_token)).destroy();
  if (change.status) context.status = change.status;
  if (change.filler) context.body = ' '.repeat(change.filler);
  if (change.body) context.body = { ...context.body, ...change.body };
  if (change.claims && context.body.id_token) {
    const claims = Object.entries({ ...decodeJwt(context.body.id_token), ...change.claims });
    context.body = { ...context.body, id_token: await sign(claims.filter(([, value]) => value !== null), change.header) };
  }
}

// With the provider's own key: only what is said is wrong.
async function sign(claims, header) {
  const [key] = keys;
  return new SignJWT(Object.fromEntries(claims))
    .setProtectedHeader({ alg: 'RS256', kid: key.kid, ...header })
    .sign(await importJWK(key, 'RS256'));
}

await takeOrders(({ configure, change, what }) => {
  if (configure) start(configure);
  if (change) changes = change;
  return what === 'seen' ? seen : issuer;
});
