// Amplify: second factors, remembered devices, accounts without a password, the password that an administrator chose.
import { given } from '../given.mjs';
import { auth, claims, confirm, signIn, step } from './amplify.mjs';
import { openBrowser } from './browser.mjs';
import { answerAndEnd, code, refusal, totp } from './pocket.mjs';

const { username, email, phone } = given;

async function enrol() {
  const { sharedSecret, getSetupUri } = await auth.setUpTOTP();
  await auth.verifyTOTPSetup({ code: await totp(sharedSecret), options: { friendlyDeviceName: 'my phone' } });
  return { seed: sharedSecret, uri: getSetupUri('Orders', username).href };
}

const scenarios = {
  // Each factor by itself, then the choice of them.
  async optional() {
    const seen = {};
    await signIn();
    seen.before = await auth.fetchMFAPreference();
    const { seed, uri } = await enrol();
    seen.uri = uri === `otpauth://totp/Orders:${username}?secret=${seed}&issuer=Orders`;
    await auth.updateMFAPreference({ totp: 'PREFERRED', sms: 'ENABLED', email: 'ENABLED' });
    seen.after = await auth.fetchMFAPreference();
    await auth.signOut();

    seen.app = await step(signIn());
    seen.wrong = await refusal(() => confirm('000000'));
    seen.appDone = await step(confirm(await totp(seed)));
    await auth.updateMFAPreference({ totp: 'NOT_PREFERRED', sms: 'PREFERRED' });
    await auth.signOut();

    seen.sms = (await signIn()).nextStep;
    seen.smsDone = await step(confirm(await code(phone)));
    await auth.updateMFAPreference({ sms: 'NOT_PREFERRED', email: 'PREFERRED' });
    await auth.signOut();

    seen.email = (await signIn({ authFlowType: 'USER_PASSWORD_AUTH' })).nextStep;
    seen.emailDone = await step(confirm(await code(email)));
    await auth.updateMFAPreference({ email: 'NOT_PREFERRED' });
    await auth.signOut();

    seen.choice = (await signIn()).nextStep;
    seen.chosen = await step(confirm('EMAIL'));
    seen.chosenDone = await step(confirm(await code(email)));
    return seen;
  },

  // The pool demands a factor, and the person may set up either of two.
  async required() {
    const seen = {};
    seen.choice = (await signIn()).nextStep;
    const setup = await confirm('TOTP');
    seen.app = setup.nextStep.signInStep;
    const seed = setup.nextStep.totpSetupDetails.sharedSecret;
    seen.appDone = await step(confirm(await totp(seed)));
    seen.preference = await auth.fetchMFAPreference();
    await auth.signOut();

    seen.next = await step(signIn());
    seen.nextDone = await step(confirm(await totp(seed)));
    await auth.signOut();

    // Another person, who has none, gets mail.
    const other = { username: given.other };
    await signIn(undefined, other);
    seen.mail = await step(confirm('EMAIL'));
    seen.mailed = (await confirm(email)).nextStep;
    seen.mailDone = await step(confirm(await code(email)));
    return seen;
  },

  // A remembered device excuses from the second factor.
  async devices() {
    const seen = {};
    await signIn();
    const { seed } = await enrol();
    await auth.updateMFAPreference({ totp: 'PREFERRED' });
    seen.devices = (await auth.fetchDevices()).length;
    await auth.signOut();

    seen.firstTime = await step(signIn());
    seen.firstTimeDone = await step(confirm(await totp(seed)));
    await auth.rememberDevice();
    await auth.signOut();

    seen.home = await step(signIn());
    seen.deviceKey = (await claims({ forceRefresh: true })).access.device_key;
    await auth.signOut();
    seen.homeAgain = await step(signIn({ authFlowType: given.flow }));
    const [device] = await auth.fetchDevices();
    seen.id = device.id;
    // As if somebody else had forgotten it: this browser still sends its key.
    await auth.forgetDevice({ device: { id: device.id } });
    await auth.signOut();
    seen.forgotten = await step(signIn());
    seen.forgottenDone = await step(confirm(await totp(seed)));
    seen.newDevice = (await auth.fetchDevices()).map((it) => it.id);
    await auth.forgetDevice();
    seen.none = (await auth.fetchDevices()).length;
    return seen;
  },

  // An account that never has a password.
  async passwordless() {
    const signedUp = await auth.signUp({
      username,
      options: { userAttributes: { email }, autoSignIn: { authFlowType: 'USER_AUTH' } },
    });
    const confirmed = await auth.confirmSignUp({ username, confirmationCode: await code(email) });
    const autoSignIn = await step(auth.autoSignIn());
    const { access } = await claims();
    await auth.signOut();
    const again = (await auth.signIn({ username, options: { authFlowType: 'USER_AUTH' } })).nextStep;
    return {
      signedUp: signedUp.nextStep.signUpStep,
      confirmed: confirmed.nextStep.signUpStep,
      autoSignIn,
      sub: access.sub === signedUp.userId,
      again,
      chosen: await step(confirm('EMAIL_OTP')),
      done: await step(confirm(await code(email))),
    };
  },

  async passkeys() {
    openBrowser();
    await signIn();
    await auth.associateWebAuthnCredential();
    const { credentials } = await auth.listWebAuthnCredentials();
    await auth.signOut();
    const byPasskey = { authFlowType: 'USER_AUTH', preferredChallenge: 'WEB_AUTHN' };
    const preferred = await step(auth.signIn({ username, options: byPasskey }));
    await auth.signOut();
    const asked = (await auth.signIn({ username, options: { authFlowType: 'USER_AUTH' } })).nextStep;
    const chosen = await step(confirm('WEB_AUTHN'));
    await auth.deleteWebAuthnCredential({ credentialId: credentials[0].credentialId });
    const left = (await auth.listWebAuthnCredentials()).credentials.length;
    await auth.signOut();
    const without = (await auth.signIn({ username, options: byPasskey })).nextStep;
    return { count: credentials.length, relyingParty: credentials[0].relyingPartyId, preferred, asked, chosen, left, without };
  },

  // What the client hides of others, and what it tells those who know their password.
  async states() {
    const nobody = { username: 'nobody' };
    return {
      nobody: await refusal(() => signIn(undefined, nobody)),
      nobodyPlain: await refusal(() => signIn({ authFlowType: 'USER_PASSWORD_AUTH' }, nobody)),
      nobodyResets: (await auth.resetPassword(nobody)).nextStep.resetPasswordStep,
      nobodyConfirms: await refusal(() => auth.confirmSignUp({ ...nobody, confirmationCode: '123456' })),
      unconfirmed: await step(signIn(undefined, { username: 'unconfirmed' })),
      reset: await step(signIn(undefined, { username: 'reset' })),
    };
  },

  async newPassword() {
    const asked = await signIn(undefined, { password: given.temporary });
    const done = await step(confirm(given.password, { userAttributes: { name: 'Ada Lovelace' } }));
    const { id } = await claims();
    await auth.signOut();
    return {
      asked: asked.nextStep,
      done,
      name: id.name,
      again: await step(signIn()),
    };
  },
};

answerAndEnd(await scenarios[given.scenario]());
