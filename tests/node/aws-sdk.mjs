// The AWS SDK for JavaScript v3: a pool from its making to its end, errors as typed exceptions, a machine's token by
// the JSON API, and who the caller is.
import * as cognito from '@aws-sdk/client-cognito-identity-provider';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { answer, given } from './given.mjs';

const connection = {
  endpoint: given.endpoint,
  region: given.region,
  credentials: { accessKeyId: given.accessKeyId, secretAccessKey: given.secretAccessKey },
  maxAttempts: 1,
};
const idp = new cognito.CognitoIdentityProviderClient(connection);
const impostor = new cognito.CognitoIdentityProviderClient({
  ...connection,
  credentials: { ...connection.credentials, secretAccessKey: 'not-the-secret' },
});

const send = (name, input, by = idp) => by.send(new cognito[`${name}Command`](input));

// What the call throws: whether it is the SDK's own class of that name, and what it says.
async function refusal(name, input, by) {
  try {
    await send(name, input, by);
  } catch (error) {
    const typed = error.name in cognito && error instanceof cognito[error.name];
    return { name: error.name, typed, message: error.message, status: error.$metadata?.httpStatusCode };
  }
  return { name: null };
}

const { UserPool } = await send('CreateUserPool', {
  PoolName: 'from-javascript',
  Policies: { PasswordPolicy: { MinimumLength: 12 } },
  UserPoolTags: { team: 'payments' },
});
const UserPoolId = UserPool.Id;
await send('CreateResourceServer', {
  UserPoolId,
  Identifier: 'transactions',
  Name: 'transactions',
  Scopes: [{ ScopeName: 'post', ScopeDescription: 'post_tx' }],
});
const { UserPoolClient } = await send('CreateUserPoolClient', {
  UserPoolId,
  ClientName: 'test',
  GenerateSecret: true,
  AllowedOAuthFlows: ['client_credentials'],
  AllowedOAuthScopes: ['transactions/post'],
  AllowedOAuthFlowsUserPoolClient: true,
  ExplicitAuthFlows: ['ALLOW_CLIENT_TOKEN_AUTH'],
});
const { ClientId, ClientSecret } = UserPoolClient;

const described = await send('DescribeUserPool', { UserPoolId });
const pages = [];
for await (const page of cognito.paginateListUserPools({ client: idp, pageSize: 1 }, { MaxResults: 1 })) {
  pages.push(...page.UserPools.map((pool) => pool.Id));
  if (pages.includes(UserPoolId)) break;
}
const clientToken = await send('GetClientToken', { ClientId, Secret: ClientSecret, Scopes: ['transactions/post'] });
const wrongSecret = await refusal('GetClientToken', { ClientId, Secret: 'x'.repeat(51) });
const { Arn, Account } = await new STSClient(connection).send(new GetCallerIdentityCommand({}));
await send('DeleteUserPool', { UserPoolId });

answer({
  poolId: UserPoolId,
  clientId: ClientId,
  created: UserPool.CreationDate instanceof Date,
  minimumLength: described.UserPool.Policies.PasswordPolicy.MinimumLength,
  tags: described.UserPool.UserPoolTags,
  listed: pages.includes(UserPoolId),
  clientToken: clientToken.ClientAuthenticationResult,
  caller: { Arn, Account },
  refusals: {
    deleted: await refusal('DescribeUserPool', { UserPoolId }),
    malformed: await refusal('CreateUserPool', {}),
    impostor: await refusal('ListUserPools', { MaxResults: 1 }, impostor),
    wrongSecret,
  },
});
