// Amplify, pointed at the server that the test gives.
import { Amplify } from 'aws-amplify';
import * as auth from 'aws-amplify/auth';
import { given } from '../given.mjs';

globalThis.navigator ??= { userAgent: 'the tests' }; // a browser's; Node has it from version 21 on

Amplify.configure({
  Auth: {
    Cognito: {
      userPoolId: given.poolId,
      userPoolClientId: given.clientId,
      userPoolEndpoint: given.endpoint,
    },
  },
});

export { auth };

// The name of the next step of a sign-in, DONE at its end.
export const step = async (signIn) => (await signIn).nextStep.signInStep;

export const signIn = (options, { username = given.username, password = given.password } = {}) =>
  auth.signIn({ username, password, options });

export const confirm = (challengeResponse, options) => auth.confirmSignIn({ challengeResponse, options });

// What is undefined or a function does not go into JSON, so tokens are told by what they claim.
export async function claims(options) {
  const { tokens } = await auth.fetchAuthSession(options);
  return tokens && { access: tokens.accessToken.payload, id: tokens.idToken.payload };
}
