// Amplify where each refresh gives another refresh token: a second one works only if it kept the new one.
import { auth, signIn } from './amplify.mjs';
import { answerAndEnd } from './pocket.mjs';

await signIn();
const tokens = [];
for (const forceRefresh of [false, true, true]) {
  const session = await auth.fetchAuthSession({ forceRefresh });
  tokens.push(session.tokens.accessToken.payload.jti);
}
answerAndEnd({ tokens });
