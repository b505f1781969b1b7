// The AWS SDK for JavaScript v3, of a person who has no keys: from sign-up to sign-out, errors as typed exceptions.
import * as cognito from '@aws-sdk/client-cognito-identity-provider';
import { answer, given } from '../given.mjs';
import { code } from './pocket.mjs';

const { clientId: ClientId, username: Username, email, password: Password, newPassword } = given;
const idp = new cognito.CognitoIdentityProviderClient({
  endpoint: given.endpoint,
  region: given.region,
  maxAttempts: 1,
  credentials: () => Promise.reject(new Error('a browser has no keys')),
});
const send = (name, input) => idp.send(new cognito[`${name}Command`](input));

async function refusal(name, input) {
  try {
    await send(name, input);
  } catch (error) {
    const typed = error.name in cognito && error instanceof cognito[error.name];
    return { name: error.name, typed, message: error.message, status: error.$metadata?.httpStatusCode };
  }
  return { name: null };
}

const byPassword = (PASSWORD) => ({
  ClientId,
  AuthFlow: 'USER_PASSWORD_AUTH',
  AuthParameters: { USERNAME: Username, PASSWORD },
});
const seen = { refusals: {} };
const { refusals } = seen;

const signedUp = await send('SignUp', { ClientId, Username, Password, UserAttributes: [{ Name: 'email', Value: email }] });
seen.sub = signedUp.UserSub;
refusals.weak = await refusal('SignUp', { ClientId, Username: 'bob', Password: 'weak' });
refusals.taken = await refusal('SignUp', { ClientId, Username, Password });
refusals.unconfirmed = await refusal('InitiateAuth', byPassword(Password));
const ConfirmationCode = await code(email);
refusals.wrongCode = await refusal('ConfirmSignUp', {
  ClientId,
  Username,
  ConfirmationCode: ConfirmationCode === '000000' ? '111111' : '000000',
});
const { Session } = await send('ConfirmSignUp', { ClientId, Username, ConfirmationCode, Session: signedUp.Session });
const first = await send('InitiateAuth', {
  ClientId,
  AuthFlow: 'USER_AUTH',
  AuthParameters: { USERNAME: Username },
  Session,
});
seen.first = first.AuthenticationResult.TokenType;

refusals.wrongPassword = await refusal('InitiateAuth', byPassword('Wrong-Horse-9'));
const asked = await send('InitiateAuth', { ClientId, AuthFlow: 'USER_AUTH', AuthParameters: { USERNAME: Username } });
seen.choice = [asked.ChallengeName, asked.AvailableChallenges.sort()];
const chosen = await send('RespondToAuthChallenge', {
  ClientId,
  ChallengeName: asked.ChallengeName,
  Session: asked.Session,
  ChallengeResponses: { USERNAME: Username, ANSWER: 'EMAIL_OTP' },
});
seen.chosen = [chosen.ChallengeName, chosen.ChallengeParameters.CODE_DELIVERY_DELIVERY_MEDIUM];
const done = await send('RespondToAuthChallenge', {
  ClientId,
  ChallengeName: chosen.ChallengeName,
  Session: chosen.Session,
  ChallengeResponses: { USERNAME: Username, EMAIL_OTP_CODE: await code(email) },
});
const { AccessToken, RefreshToken } = done.AuthenticationResult;

const user = await send('GetUser', { AccessToken });
seen.attributes = Object.fromEntries(user.UserAttributes.map(({ Name, Value }) => [Name, Value]));
await send('ChangePassword', { AccessToken, PreviousPassword: Password, ProposedPassword: newPassword });
const other = (await send('InitiateAuth', byPassword(newPassword))).AuthenticationResult;
await send('RevokeToken', { ClientId, Token: other.RefreshToken });
refusals.revoked = await refusal('GetUser', { AccessToken: other.AccessToken });

const renewed = await send('GetTokensFromRefreshToken', { ClientId, RefreshToken });
seen.renewed = renewed.AuthenticationResult.AccessToken !== AccessToken;
await send('GlobalSignOut', { AccessToken });
refusals.signedOut = await refusal('GetTokensFromRefreshToken', { ClientId, RefreshToken });
refusals.noKeys = await refusal('ListUsers', { UserPoolId: given.poolId });

answer(seen);
