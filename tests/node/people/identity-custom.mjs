// amazon-cognito-identity-js: sign-ins whose course the pool's functions decide, with a password and without.
import { AuthenticationDetails } from 'amazon-cognito-identity-js';
import { answer, given } from '../given.mjs';
import { aBrowser, ask, aUser, begin, signIn } from './identity.mjs';
import { refusal } from './pocket.mjs';

const { username, password } = given;

const reply = (user, value) => ask(user, 'sendCustomChallengeAnswer', value);

const scenarios = {
  async passwordless() {
    const user = aUser(username);
    user.setAuthenticationFlowType('CUSTOM_AUTH');
    const details = new AuthenticationDetails({ Username: username });
    const asked = await begin((callbacks) => user.initiateAuth(details, callbacks));
    const again = await reply(user, 'five');
    const done = await reply(user, 'four');
    await begin((callbacks) => user.initiateAuth(details, callbacks));
    await reply(user, 'five');
    await reply(user, 'five');
    return {
      asked: { step: asked.step, question: asked.values[0].question },
      again: again.step,
      done: { step: done.step, username: user.getSignInUserSession().getAccessToken().payload.username },
      refused: await refusal(() => reply(user, 'five')),
    };
  },

  // With the password, and on a device that is remembered, which proves itself the next time.
  async password() {
    const browser = aBrowser();
    const first = aUser(username, browser);
    const asked = await signIn(first, password, 'CUSTOM_AUTH');
    const done = await reply(first, 'four');
    const again = aUser(username, browser);
    await signIn(again, password, 'CUSTOM_AUTH');
    const byDevice = await reply(again, 'four');
    return {
      asked: asked.step,
      done: done.step,
      byDevice: byDevice.step,
      wrong: await refusal(() => signIn(aUser(username), 'Wrong-Horse-9', 'CUSTOM_AUTH')),
    };
  },
};

answer(await scenarios[given.scenario]());
