// Amplify: a person from signing up to the end of their account, and each way in by what they know or are sent.
import { given } from '../given.mjs';
import { auth, claims, confirm, signIn, step } from './amplify.mjs';
import { answerAndEnd, code, refusal } from './pocket.mjs';

const { username, email, newEmail, password, newPassword, lastPassword } = given;
const seen = {};

const signedUp = await auth.signUp({
  username,
  password,
  options: { userAttributes: { email, name: 'Ada Lovelace' }, autoSignIn: true },
});
seen.signedUp = signedUp;
await code(email);
seen.resent = await auth.resendSignUpCode({ username });
const confirmationCode = await code(email);
seen.confirmed = await auth.confirmSignUp({ username, confirmationCode });
seen.autoSignIn = await step(auth.autoSignIn());
seen.current = await auth.getCurrentUser();
seen.claims = await claims();
seen.renewed = await claims({ forceRefresh: true });

seen.attributes = await auth.fetchUserAttributes();
seen.update = await auth.updateUserAttributes({ userAttributes: { email: newEmail, nickname: 'countess' } });
await code(newEmail);
seen.resentAttribute = await auth.sendUserAttributeVerificationCode({ userAttributeKey: 'email' });
await auth.confirmUserAttribute({ userAttributeKey: 'email', confirmationCode: await code(newEmail) });
await auth.deleteUserAttributes({ userAttributeKeys: ['nickname'] });
seen.changed = await auth.fetchUserAttributes();
await auth.updatePassword({ oldPassword: password, newPassword });

// Signed out here, the refresh token is revoked.
await auth.signOut();
seen.nobody = await refusal(() => auth.getCurrentUser());
seen.wrong = await refusal(() => signIn({ authFlowType: 'USER_SRP_AUTH' }));

// Each flow in turn, with a global sign-out after it.
const flows = {
  srp: () => signIn({ authFlowType: 'USER_SRP_AUTH' }, { password: newPassword }),
  plain: () => signIn({ authFlowType: 'USER_PASSWORD_AUTH' }, { password: newPassword }),
  passwordFirst: () =>
    signIn({ authFlowType: 'USER_AUTH', preferredChallenge: 'PASSWORD' }, { password: newPassword }),
  srpFirst: () =>
    signIn({ authFlowType: 'USER_AUTH', preferredChallenge: 'PASSWORD_SRP' }, { password: newPassword }),
};
for (const [name, flow] of Object.entries(flows)) {
  seen[name] = await step(flow());
  await auth.signOut({ global: true });
}

const sent = await auth.signIn({ username, options: { authFlowType: 'USER_AUTH', preferredChallenge: 'EMAIL_OTP' } });
seen.emailed = sent.nextStep;
seen.wrongOtp = await refusal(() => confirm('00000000'));
seen.emailedDone = await step(confirm(await code(newEmail)));
await auth.signOut({ global: true });

// Without a preference the person chooses.
const begin = () => auth.signIn({ username, options: { authFlowType: 'USER_AUTH' } });
seen.choice = (await begin()).nextStep;
seen.chosePassword = await step(confirm('PASSWORD'));
seen.chosePasswordDone = await step(confirm(newPassword));
await auth.signOut();
await begin();
seen.choseSrp = await step(confirm('PASSWORD_SRP'));
seen.choseSrpDone = await step(confirm(newPassword));
await auth.signOut();
await begin();
seen.choseEmail = await step(confirm('EMAIL_OTP'));
seen.choseEmailDone = await step(confirm(await code(newEmail)));
await auth.signOut();

seen.reset = (await auth.resetPassword({ username })).nextStep;
await auth.confirmResetPassword({ username, confirmationCode: await code(newEmail), newPassword: lastPassword });
seen.recovered = await step(signIn(undefined, { password: lastPassword }));
await auth.deleteUser();
seen.deleted = await refusal(() => signIn(undefined, { password: lastPassword }));

answerAndEnd(seen);
