// amazon-cognito-identity-js: second factors, remembered devices, and the password that an administrator chose.
import { answer, given } from '../given.mjs';
import { aBrowser, ask, aUser, begin, call, signIn } from './identity.mjs';
import { code, refusal, totp } from './pocket.mjs';

const { username, password, phone } = given;

const mfa = (user, value, type) => begin((callbacks) => user.sendMFACode(value, callbacks, type));

const userData = (user) =>
  new Promise((resolve, reject) => {
    user.getUserData((error, data) => (error ? reject(error) : resolve(data)), { bypassCache: true });
  });

async function enrol(user) {
  const { values } = await ask(user, 'associateSoftwareToken');
  const seed = values[0];
  await begin(async (callbacks) => user.verifySoftwareToken(await totp(seed), 'my phone', callbacks));
  return seed;
}

const scenarios = {
  // Each factor by itself, then both.
  async optional() {
    const seen = {};
    const user = aUser(username);
    await signIn(user, password);
    const seed = await enrol(user);
    const on = { Enabled: true, PreferredMfa: true };
    const beside = { Enabled: true, PreferredMfa: false };
    await call(user, 'setUserMfaPreference', null, on);
    seen.preference = (await userData(user)).PreferredMfaSetting;

    const byApp = aUser(username);
    const asked = await signIn(byApp, password);
    seen.app = asked.step;
    seen.wrong = await refusal(() => mfa(byApp, '000000', 'SOFTWARE_TOKEN_MFA'));
    seen.appDone = (await mfa(byApp, await totp(seed), 'SOFTWARE_TOKEN_MFA')).step;

    await call(byApp, 'setUserMfaPreference', on, beside);
    const bySms = aUser(username);
    const texted = await signIn(bySms, password);
    seen.sms = texted.step;
    seen.destination = texted.values[1].CODE_DELIVERY_DESTINATION;
    seen.smsDone = (await mfa(bySms, await code(phone), 'SMS_MFA')).step;

    await call(bySms, 'setUserMfaPreference', beside, beside);
    const chooser = aUser(username);
    const choice = await signIn(chooser, password);
    seen.choice = { step: choice.step, of: JSON.parse(choice.values[1].MFAS_CAN_CHOOSE).sort() };
    const chosen = await begin((callbacks) => chooser.sendMFASelectionAnswer('SOFTWARE_TOKEN_MFA', callbacks));
    seen.chosen = chosen.step;
    seen.chosenDone = (await mfa(chooser, await totp(seed), 'SOFTWARE_TOKEN_MFA')).step;
    return seen;
  },

  // The pool demands a factor and the person has none yet.
  async required() {
    const user = aUser(username);
    const asked = await signIn(user, password);
    const seed = await enrol(user);
    const again = aUser(username);
    const next = await signIn(again, password);
    return {
      step: asked.step,
      of: JSON.parse(asked.values[1].MFAS_CAN_SETUP),
      signedIn: user.getSignInUserSession().isValid(),
      next: next.step,
      done: (await mfa(again, await totp(seed), 'SOFTWARE_TOKEN_MFA')).step,
    };
  },

  // A remembered device excuses from the second factor.
  async devices() {
    const seen = {};
    const browser = aBrowser();
    const user = aUser(username, browser);
    await signIn(user, password);
    const seed = await enrol(user);
    await call(user, 'setUserMfaPreference', null, { Enabled: true, PreferredMfa: true });
    seen.confirmed = (await ask(user, 'getDevice')).values[0].Device.DeviceKey === user.deviceKey;

    const stranger = aUser(username);
    seen.elsewhere = (await signIn(stranger, password)).step;
    const finished = await mfa(stranger, await totp(seed), 'SOFTWARE_TOKEN_MFA');
    seen.mustChoose = finished.values[1] === true;
    seen.remembered = (await ask(stranger, 'setDeviceStatusRemembered')).step;

    seen.firstTime = (await signIn(aUser(username, browser), password)).step;
    await ask(user, 'setDeviceStatusRemembered');
    const back = aUser(username, browser);
    seen.home = (await signIn(back, password)).step;
    seen.homeAgain = (await signIn(aUser(username, browser), password, given.flow)).step;
    const renewed = await call(back, 'refreshSession', back.getSignInUserSession().getRefreshToken());
    seen.renewed = renewed.getAccessToken().decodePayload().device_key === back.deviceKey;
    seen.count = (await begin((callbacks) => back.listDevices(10, null, callbacks))).values[0].Devices.length;

    // Forgotten behind the browser's back: it notices, and signs in as from a new place.
    const { values } = await begin((callbacks) => back.listDevices(10, null, callbacks));
    for (const device of values[0].Devices) {
      await begin((callbacks) => back.forgetSpecificDevice(device.DeviceKey, callbacks));
    }
    const forgotten = aUser(username, browser);
    seen.forgotten = (await signIn(forgotten, password)).step;
    await mfa(forgotten, await totp(seed), 'SOFTWARE_TOKEN_MFA');
    seen.newKey = forgotten.deviceKey !== back.deviceKey;
    return seen;
  },

  async newPassword() {
    const user = aUser(username);
    const asked = await signIn(user, given.temporary);
    const [had, required] = asked.values;
    const done = await begin((callbacks) =>
      user.completeNewPasswordChallenge(password, { name: 'Ada Lovelace' }, callbacks),
    );
    return {
      step: asked.step,
      had,
      required,
      done: done.step,
      name: done.values[0].getIdToken().decodePayload().name,
      again: (await signIn(aUser(username), password)).step,
      spent: await refusal(() => signIn(aUser(username), given.temporary)),
    };
  },
};

answer(await scenarios[given.scenario]());
