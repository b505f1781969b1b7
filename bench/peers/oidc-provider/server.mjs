// The peer: node's oidc-provider, with one client that gets RS256 access tokens for itself.
//
// Set as lean as it goes: no development pages, in-memory adapter, JWT access tokens (which are not stored),
// RSA-2048. PORT, BENCH_CLIENT_ID and BENCH_CLIENT_SECRET come from the environment.
import { generateKeyPairSync } from 'node:crypto';
import Provider from 'oidc-provider';

const { PORT, BENCH_CLIENT_ID, BENCH_CLIENT_SECRET } = process.env;
const SCOPE = 'transactions/post';

const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const jwk = { ...privateKey.export({ format: 'jwk' }), kid: 'bench', alg: 'RS256', use: 'sig' };

const resourceServer = {
  scope: SCOPE,
  accessTokenFormat: 'jwt',
  accessTokenTTL: 3600,
  jwt: { sign: { alg: 'RS256' } },
};

const provider = new Provider(`http://127.0.0.1:${PORT}`, {
  jwks: { keys: [jwk] },
  scopes: [SCOPE],
  ttl: { ClientCredentials: 3600 },
  clients: [
    {
      client_id: BENCH_CLIENT_ID,
      client_secret: BENCH_CLIENT_SECRET,
      grant_types: ['client_credentials'],
      redirect_uris: [],
      response_types: [],
      scope: SCOPE,
    },
  ],
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'https://transactions.example.com',
      getResourceServerInfo: () => resourceServer,
      useGrantedResource: () => true,
    },
  },
});

provider.on('server_error', (_, error) => {
  console.error(error);
});
provider.listen(Number(PORT), '127.0.0.1');
