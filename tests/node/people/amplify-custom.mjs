// Amplify: sign-ins whose course the pool's functions decide, with a password and without.
import { answer, given } from '../given.mjs';
import { auth, claims, confirm, signIn } from './amplify.mjs';
import { refusal } from './pocket.mjs';

const { username } = given;

const scenarios = {
  async passwordless() {
    const options = { authFlowType: 'CUSTOM_WITHOUT_SRP' };
    const asked = await auth.signIn({ username, options });
    const again = await confirm('five');
    const done = await confirm('four');
    const who = (await claims()).access.username;
    await auth.signOut();
    await auth.signIn({ username, options });
    await confirm('five');
    await confirm('five');
    return {
      asked: asked.nextStep,
      again: again.nextStep.signInStep,
      done: { step: done.nextStep.signInStep, username: who },
      refused: await refusal(() => confirm('five')),
    };
  },

  async password() {
    const asked = await signIn({ authFlowType: 'CUSTOM_WITH_SRP' });
    const done = await confirm('four');
    await auth.signOut();
    const again = await signIn({ authFlowType: 'CUSTOM_WITH_SRP' });
    const byDevice = await confirm('four');
    await auth.signOut();
    return {
      asked: asked.nextStep.signInStep,
      done: done.nextStep.signInStep,
      again: again.nextStep.signInStep,
      byDevice: byDevice.nextStep.signInStep,
      wrong: await refusal(() => signIn({ authFlowType: 'CUSTOM_WITH_SRP' }, { password: 'Wrong-Horse-9' })),
    };
  },
};

answer(await scenarios[given.scenario]());
